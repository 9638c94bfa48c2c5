import { Types } from 'mongoose';
import { BusinessModel } from '../../src/models/business.js';
import { type Delivery, DeliveryModel, type DeliveryStatus } from '../../src/models/delivery.js';
import type { Month } from './quota-check.js';
import { insist, type Patience } from './wait.js';

/** How many rows of a campaign are where; what is nowhere is left out. */
export type RowCounts = Partial<Record<DeliveryStatus, number>>;

/** Every row of a campaign, from MongoDB itself. */
export function readRows(campaignId: string, patience: Patience): Promise<Delivery[]> {
  return insist(() => DeliveryModel.find({ campaign: new Types.ObjectId(campaignId) }).lean<Delivery[]>(), patience);
}

/** The rows of campaigns by where they are. */
export async function countRows(campaignIds: readonly string[], patience: Patience): Promise<RowCounts> {
  const campaign = { $in: campaignIds.map((id) => new Types.ObjectId(id)) };
  const groups = await insist(
    () =>
      DeliveryModel.aggregate<{ _id: DeliveryStatus; n: number }>([
        { $match: { campaign } },
        { $group: { _id: '$status', n: { $sum: 1 } } },
        { $sort: { _id: 1 } },
      ]),
    patience,
  );
  return Object.fromEntries(groups.map(({ _id, n }) => [_id, n]));
}

/** The ids of the rows that somebody has claimed and not brought to an end. */
export async function claimedRows(campaignIds: readonly string[], patience: Patience): Promise<Set<string>> {
  const campaign = { $in: campaignIds.map((id) => new Types.ObjectId(id)) };
  const rows = await insist(
    () => DeliveryModel.find({ campaign, status: 'sending' }, { _id: 1 }).lean<Pick<Delivery, '_id'>[]>(),
    patience,
  );
  return new Set(rows.map(({ _id }) => _id.toHexString()));
}

/** A business's month. @throws Error where there is no such business. */
export async function readMonth(businessId: string, patience: Patience): Promise<Month> {
  const business = await insist(
    () => BusinessModel.findById(businessId, { subscription: 1, quota: 1 }).lean(),
    patience,
  );
  if (!business) throw new Error(`There is no business ${businessId}`);
  const { subscription, quota } = business;
  return {
    used: subscription.emailsSentThisMonth,
    limit: subscription.emailsPerMonth,
    reservations: quota.reservations.length,
  };
}

/** Sets fields of a business past every rule of the hub, e.g. `subscription.emailsPerMonth`. */
export async function setBusiness(businessId: string, fields: object, patience: Patience): Promise<void> {
  await insist(() => BusinessModel.updateOne({ _id: businessId }, { $set: fields }), patience);
}
