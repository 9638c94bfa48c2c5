import { Router } from 'express';
import { authorize } from '../middleware/authorize.js';
import { handle } from '../middleware/validate.js';
import {
  CancelEmail,
  GetEmail,
  ListEmails,
  presentBatch,
  presentEmail,
  presentEmailDetail,
  RetryEmail,
  SendEmail,
  SendEmails,
} from '../schemas/emails.js';
import { send } from '../services/emails/accept.js';
import { sendAll } from '../services/emails/batch.js';
import { cancel, retry } from '../services/emails/change.js';
import { detailsOf, get, list } from '../services/emails/read.js';

/** Single messages of the sibling projects. A key with `send_transactional` reaches these routes and no others. */
export const emails = Router();
const mayEmail = authorize('send_emails', 'send_transactional');

emails.post(
  '/',
  mayEmail,
  handle(SendEmail, async ({ tenant, caller, body, attempt }) => ({
    email: presentEmail(await send(tenant, caller, body, attempt)),
  })),
);

emails.post(
  '/batch',
  mayEmail,
  handle(SendEmails, async ({ tenant, caller, body, attempt }) => ({
    emails: (await sendAll(tenant, caller, body.emails, attempt)).map(presentBatch),
  })),
);

emails.get(
  '/',
  mayEmail,
  handle(ListEmails, async ({ tenant, caller, query }) => {
    const { items, pagination } = await list(tenant, caller, query);
    return { emails: items.map(presentEmail), pagination };
  }),
);

emails.get(
  '/:id',
  mayEmail,
  handle(GetEmail, async ({ tenant, caller, params }) => {
    const email = await get(tenant, caller, params.id);
    return { email: presentEmailDetail(email, await detailsOf(tenant, email)) };
  }),
);

emails.post(
  '/:id/cancel',
  mayEmail,
  handle(CancelEmail, async ({ tenant, caller, params, attempt }) => ({
    email: presentEmail(await cancel(tenant, caller, params.id, attempt)),
  })),
);

emails.post(
  '/:id/retry',
  mayEmail,
  handle(RetryEmail, async ({ tenant, caller, params, attempt }) => ({
    email: presentEmail(await retry(tenant, caller, params.id, attempt)),
  })),
);
