import type { RequestHandler } from 'express';
import { Types } from 'mongoose';
import { forbidden } from '../errors.js';
import { EmailCampaignModel } from '../models/email-campaign.js';
import { owned } from '../tenant.js';

/**
 * Refuses test keys where a campaign's mail would really go out: nothing they do may reach SES. What they made themselves
 * they may send, for it stays a test.
 * @param what completes "A test key cannot ...".
 */
export function liveOnly(what: string): RequestHandler {
  return async (req, res, next) => {
    const { caller, tenant } = res.locals;
    if (!caller?.isTest || !tenant) return next();
    const id = String(req.params.id);
    // An id that is none is told so by whoever reads it.
    const campaign = /^[0-9a-f]{24}$/.test(id)
      ? await EmailCampaignModel.findOne(owned(tenant, { _id: new Types.ObjectId(id) }), { isTest: 1 }).lean()
      : null;
    if (campaign && !campaign.isTest) throw forbidden(`A test key cannot ${what}; that needs a live one`);
    next();
  };
}
