import express, { type RequestHandler, Router } from 'express';
import { describe } from '../middleware/validate.js';
import { sendPage } from '../public-page.js';
import { ShowUnsubscribe, Unsubscribe } from '../schemas/unsubscribe.js';
import * as service from '../tracking/unsubscribe.js';
import { askPage, badLinkPage, resubscribedPage, unsubscribedPage } from '../tracking/unsubscribe-page.js';

export const unsubscribe = Router();

const urlencoded = express.urlencoded({ extended: false, limit: '4kb', inflate: false });

/** Reads the page's own form. Whatever else a mail program posts is no reason to refuse it (RFC 8058 §3.2). */
const form: RequestHandler = (req, res, next) => urlencoded(req, res, () => next());

// HEAD comes here too. No limit by IP on either: one provider's servers click for all of its users.
unsubscribe.get('/:token', describe(ShowUnsubscribe), async (req, res) => {
  const subscriber = await service.read(String(req.params.token));
  if (!subscriber) return sendPage(res, 404, badLinkPage());
  sendPage(res, 200, askPage(subscriber.sender, subscriber.email));
});

unsubscribe.post('/:token', describe(Unsubscribe), form, async (req, res) => {
  const subscriber = await service.read(String(req.params.token));
  if (!subscriber) return sendPage(res, 404, badLinkPage());
  if (req.body?.action === 'resubscribe') {
    await service.resubscribe(subscriber);
    return sendPage(res, 200, resubscribedPage(subscriber.sender, subscriber.email));
  }
  await service.unsubscribe(subscriber);
  sendPage(res, 200, unsubscribedPage(subscriber.sender, subscriber.email));
});
