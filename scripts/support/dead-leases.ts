import { Types } from 'mongoose';
import { BusinessModel } from '../../src/models/business.js';
import { DeliveryModel } from '../../src/models/delivery.js';
import { claimedRows } from './ledger.js';
import type { Stand } from './stand.js';
import { insist } from './wait.js';

/** When a lease is written to have ended. */
const LONG_AGO = new Date(0);

/**
 * Ends at once what dead workers still hold of a business's campaigns: their claims would last a minute by the database's
 * clock, their reservations half a minute longer. The living are ended in order before, so that they give back what is
 * theirs and the rest is nobody's; fresh ones are started after.
 * @returns the ids of the rows that the dead had claimed.
 */
export async function endDeadLeases(
  { workers, signal }: Stand,
  businessId: string,
  campaignIds: readonly string[],
): Promise<Set<string>> {
  const patience = { signal };
  await Promise.all(workers.map(({ end }) => end()));
  const left = await claimedRows(campaignIds, patience);
  const claimed = { campaign: { $in: campaignIds.map((id) => new Types.ObjectId(id)) }, status: 'sending' as const };
  await insist(() => DeliveryModel.updateMany(claimed, { $set: { 'claim.until': LONG_AGO } }), patience);
  const reserved = { _id: businessId, 'quota.reservations.0': { $exists: true } };
  await insist(() => BusinessModel.updateOne(reserved, { $set: { 'quota.reservations.$[].at': LONG_AGO } }), patience);
  await Promise.all(workers.map(({ start }) => start()));
  return left;
}
