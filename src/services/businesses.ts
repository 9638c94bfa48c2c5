import mongoose, { type Types, type UpdateQuery } from 'mongoose';
import { businessInactive, invalid, notFound } from '../errors.js';
import { type Business, BusinessModel, GUARD_DEFAULTS } from '../models/business.js';
import { type User, UserModel } from '../models/user.js';
import { ignoreDuplicateKey, JOURNALED } from '../mongo.js';
import type { BusinessChanges } from '../schemas/businesses.js';
import { wake } from '../sending/campaigns/moves.js';
import type { Tenant } from '../tenant.js';
import * as defaultWebhook from './default-webhook.js';
import { proveTrackingDomain } from './tracking-domain.js';
import { requireTarget } from './webhooks.js';

/** A business as its people see it. */
export interface Shown {
  business: Business;
  /** Its setting `webhookUrl`, which is a webhook. */
  webhookUrl: string | undefined;
}

/** @throws AppError `not_found`. */
export async function get(id: Types.ObjectId): Promise<Business> {
  const business = await BusinessModel.findById(id).lean<Business>();
  if (!business) throw notFound('business');
  return business;
}

/** How a business is shown. */
export async function shown(business: Business): Promise<Shown> {
  const urls = await defaultWebhook.urlsOf([business._id]);
  return { business, webhookUrl: urls.get(business._id.toHexString()) };
}

/** @throws AppError `business_inactive` where the business is suspended, cancelled or gone. */
export async function getActive(id: Types.ObjectId): Promise<Business> {
  const business = await BusinessModel.findById(id).lean<Business>();
  if (business?.status !== 'active') throw businessInactive();
  return business;
}

/**
 * Changes what is given; a setting that is null is taken away. The webhook is a write of its own before the others: whoever gets
 * no answer says it again.
 * @throws AppError `validation_failed` for a timezone that MongoDB does not know, a tracking domain that does not lead to the hub,
 * and a URL that no webhook may go to; `unavailable` where DNS does not answer; `conflict` where there are too many webhooks.
 */
export async function update({ businessId }: Tenant, { name, settings = {} }: BusinessChanges): Promise<Shown> {
  if (settings.timezone) await requireTimezone(settings.timezone);
  if (settings.trackingDomain) await proveTrackingDomain({ businessId }, settings.trackingDomain);
  const { guard, tracking, webhookUrl, ...others } = settings;
  if (webhookUrl) await requireTarget(webhookUrl, 'settings.webhookUrl');
  if (webhookUrl !== undefined) await defaultWebhook.set({ businessId }, webhookUrl);
  // Of the guard each number for itself, and so of what is tracked.
  const parts = Object.entries({ guard, tracking }).flatMap(([name, values]) =>
    Object.entries(values ?? {}).map(([key, value]) => [`${name}.${key}`, value] as const),
  );
  const given = [...Object.entries({ ...others, ...defaultsFor(settings) }), ...parts].filter(
    ([, value]) => value !== undefined,
  );
  const kept = given.filter(([, value]) => value !== null).map(([key, value]) => [`settings.${key}`, value]);
  const taken = given.filter(([, value]) => value === null).map(([key]) => [`settings.${key}`, 1]);
  const changed = await change(businessId, {
    $set: { ...(name === undefined ? {} : { name }), ...Object.fromEntries(kept) },
    $unset: Object.fromEntries(taken),
  });
  if (settings.domainLimits !== undefined) await wake(businessId, 'domain_daily_cap');
  return shown(changed);
}

/** What stands for a setting that is taken away and cannot be absent. */
function defaultsFor({ timezone, domainLimits, guard, tracking }: NonNullable<BusinessChanges['settings']>) {
  return {
    ...(timezone === null ? { timezone: 'UTC' } : {}),
    ...(domainLimits === null ? { domainLimits: [] } : {}),
    ...(guard === null ? { guard: GUARD_DEFAULTS } : {}),
    ...(tracking === null ? { tracking: { opens: false, clicks: false } } : {}),
  };
}

/**
 * Writes the business that a registration promised; does nothing where that is done. The user alone makes a
 * registration true, so whoever meets a user with `founding` calls this, and a crash in between heals itself.
 */
export async function found({ _id, business, founding }: Pick<User, '_id' | 'business' | 'founding'>): Promise<void> {
  if (!founding || !business) return;
  const { name, domain, plan, emailsPerMonth } = founding;
  const subscription = { ...(plan ? { plan } : {}), ...(emailsPerMonth == null ? {} : { emailsPerMonth }) };
  const written = new BusinessModel({ _id: business, name, domain, subscription });
  await written.save({ ...JOURNALED }).catch(ignoreDuplicateKey);
  await UserModel.updateOne({ _id }, { $unset: { founding: 1 } });
}

/** @throws AppError `not_found`. */
export async function change(id: Types.ObjectId, update: UpdateQuery<Business>): Promise<Business> {
  const business = await BusinessModel.findByIdAndUpdate(id, update, {
    returnDocument: 'after',
    runValidators: true,
  }).lean<Business>();
  if (!business) throw notFound('business');
  return business;
}

/** MongoDB counts the months (`sending/limits/quota.ts`) and has zones of its own: one it did not know would stop all mail. */
async function requireTimezone(timezone: string): Promise<void> {
  const now = { $dateToString: { date: '$$NOW', timezone } };
  try {
    await mongoose.connection.db?.aggregate([{ $documents: [{ now }] }]).toArray();
  } catch (error) {
    if (!(error instanceof mongoose.mongo.MongoServerError)) throw error;
    throw invalid([{ path: 'settings.timezone', message: 'must be a timezone of the IANA database, spelt as there' }]);
  }
}
