import type { Types } from 'mongoose';
import { EmailCampaignModel } from '../../models/email-campaign.js';
import { JOURNALED } from '../../mongo.js';
import { move } from './moves.js';

/**
 * Deliveries of a campaign went back to pending, perhaps long after it was taken to be over: a worker that stood still gave
 * back what it never sent. It goes on, or is brought to its end again, so that none of them is forgotten.
 */
export async function comeBack(campaignId: Types.ObjectId): Promise<void> {
  await endAgain(campaignId);
  await move(campaignId, 'reopen');
}

/** A cancelled campaign with an open delivery is not complete: the sweeper ends it. */
export async function endAgain(campaignId: Types.ObjectId): Promise<boolean> {
  const { modifiedCount } = await EmailCampaignModel.updateOne(
    { _id: campaignId, status: 'cancelled', completedAt: { $ne: null } },
    { $set: { isUnchecked: true }, $unset: { completedAt: 1, reconciled: 1 } },
    { writeConcern: JOURNALED },
  );
  return modifiedCount > 0;
}
