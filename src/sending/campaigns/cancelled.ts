import type { Types } from 'mongoose';
import { DeliveryModel } from '../../models/delivery.js';
import { EmailCampaignModel } from '../../models/email-campaign.js';
import { NO_IMPORT, OPEN } from '../states.js';
import { withdraw } from '../withdraw.js';
import { count as countLedger } from './counts.js';

const CHUNK = 5_000;

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
  return withdraw({ _id: { $in: found.map(({ _id }) => _id) } });
}
