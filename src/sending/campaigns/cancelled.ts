import type { Types } from 'mongoose';
import { DeliveryModel } from '../../models/delivery.js';
import { EmailCampaignModel } from '../../models/email-campaign.js';
import { NO_IMPORT, OPEN } from '../states.js';
import { count as countLedger } from './counts.js';

const CHUNK = 5_000;

const DOUBT = {
  code: 'cancelled_in_doubt',
  message: 'An earlier attempt may have been sent; the next one was cancelled',
};

/** A round works so long on cancelled lists, in ms; what is left is the next one's. */
const ROUND_MS = 4_000;

/**
 * Brings the deliveries of cancelled campaigns to their end, also those that a batch gave back after the cancelling. The
 * campaign is complete when nothing is open.
 * @returns how many deliveries were cancelled.
 */
export async function endCancelled(): Promise<number> {
  const until = performance.now() + ROUND_MS;
  const campaigns = await EmailCampaignModel.find(
    { status: 'cancelled', completedAt: null, isDeleted: { $ne: true }, ...NO_IMPORT },
    { _id: 1 },
  ).lean();
  let count = 0;
  for (const { _id } of campaigns) {
    let ended: number;
    do {
      ended = await cancelSome(_id);
      count += ended;
    } while (ended > 0 && performance.now() < until);
    // The count meets each delivery once; a search could miss one that a batch gives back.
    const counts = await countLedger(_id);
    if (OPEN.some((status) => counts.states[status] > 0)) continue;
    await EmailCampaignModel.updateOne({ _id, completedAt: null }, { $set: { completedAt: new Date(), counts } });
  }
  return count;
}

async function cancelSome(campaignId: Types.ObjectId): Promise<number> {
  const pending = { campaign: campaignId, status: 'pending' as const };
  const found = await DeliveryModel.find(pending, { _id: 1 }).limit(CHUNK).lean();
  if (found.length === 0) return 0;
  const ids = { $in: found.map(({ _id }) => _id) };
  // An earlier attempt of these may have been sent, and nobody sends another: the doubt stays, for an event to settle.
  const doubtful = { status: 'unconfirmed', unconfirmedAt: new Date(), error: DOUBT };
  const isDoubtful = { 'pastPeriods.0': { $exists: true } };
  const { collection } = DeliveryModel;
  const [cancelled, kept] = await Promise.all([
    collection.updateMany(
      { _id: ids, status: 'pending', 'pastPeriods.0': { $exists: false } },
      { $set: { status: 'cancelled' } },
    ),
    collection.updateMany({ _id: ids, status: 'pending', ...isDoubtful }, { $set: doubtful }),
  ]);
  return cancelled.modifiedCount + kept.modifiedCount;
}
