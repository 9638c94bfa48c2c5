import { Types } from 'mongoose';
import { DeliveryModel } from '../../src/models/delivery.js';
import { EmailCampaignModel } from '../../src/models/email-campaign.js';
import { setBusiness } from './ledger.js';
import type { Stand } from './stand.js';
import { insist } from './wait.js';

/** `2026-10` for this month or one before it, in UTC, as new businesses have it. */
export function monthBefore(months: number): string {
  const date = new Date();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() - months);
  return date.toISOString().slice(0, 7);
}

/** Has a business use so much of this month by a campaign that was long ago: as the hub would have left it. */
export async function useMonth(stand: Stand, businessId: string, used: number): Promise<void> {
  const now = new Date();
  const earlier = {
    business: new Types.ObjectId(businessId),
    name: 'Earlier this month',
    status: 'sent',
    launchedAt: now,
    completedAt: now,
    reconciled: { at: now, used: { [monthBefore(0)]: used } },
    createdBy: new Types.ObjectId(),
  };
  await new EmailCampaignModel(earlier).save();
  const month = { 'subscription.emailsSentThisMonth': used, 'quota.period': monthBefore(0) };
  await setBusiness(businessId, month, stand);
}

/**
 * Turns the month of a business, by making all that it used of this month something of the month before: its own count,
 * what paid for each message, and what was noted of each campaign. Nobody may be at work on it.
 */
export async function turnMonth(stand: Stand, businessId: string): Promise<void> {
  const business = new Types.ObjectId(businessId);
  const [now, before] = [monthBefore(0), monthBefore(1)];
  await insist(
    () => DeliveryModel.updateMany({ business, 'claim.period': now }, { $set: { 'claim.period': before } }),
    stand,
  );
  const noted = { [`reconciled.used.${now}`]: `reconciled.used.${before}` };
  await insist(() => EmailCampaignModel.collection.updateMany({ business }, { $rename: noted }), stand);
  await setBusiness(businessId, { 'quota.period': before }, stand);
}
