import type { Types } from 'mongoose';
import { DeliveryModel } from '../../models/delivery.js';
import { type EmailCampaign, EmailCampaignModel, type RetryStatus } from '../../models/email-campaign.js';
import { putBackWhere } from '../put-back.js';
import { endAgain } from './comeback.js';

const CHUNK = 5_000;

/** What a person wants sent again: of these, what came to its end before the moments given. */
export interface Retry {
  statuses: readonly RetryStatus[];
  failedBefore: Date;
  unconfirmedBefore: Date;
}

/** The filter of what is to be sent again of one status. */
export function retryable(campaignId: Types.ObjectId, status: RetryStatus, retry: Retry) {
  return status === 'failed'
    ? { campaign: campaignId, status, failedAt: { $lte: retry.failedBefore } }
    : { campaign: campaignId, status, unconfirmedAt: { $lte: retry.unconfirmedBefore } };
}

/**
 * Puts what a person wants sent again back to pending, in chunks; then the campaign may complete. Any process may die in
 * the middle: the next turn goes on, and what was put back once is no longer in the state it is looked for in. An attempt
 * that may have been sent stays paid for.
 */
export async function putBack({ _id, retry }: EmailCampaign): Promise<void> {
  if (!retry) return;
  await putBackAll(_id, retry);
  // This retry's: another may have been asked for meanwhile.
  const { failedBefore, unconfirmedBefore } = retry;
  await EmailCampaignModel.updateOne(
    { _id, 'retry.failedBefore': failedBefore, 'retry.unconfirmedBefore': unconfirmedBefore },
    { $unset: { retry: 1 } },
    { timestamps: false },
  );
  // Cancelled meanwhile, it may have been brought to its end before the last chunk.
  await endAgain(_id);
}

async function putBackAll(_id: Types.ObjectId, retry: Retry): Promise<void> {
  for (const status of retry.statuses) {
    const filter = retryable(_id, status, retry);
    for (;;) {
      const found = await DeliveryModel.find(filter, { _id: 1 }).limit(CHUNK).lean();
      if (found.length === 0) break;
      if (!(await EmailCampaignModel.exists({ _id, status: 'sending' }))) return;
      // With the times: another turn may have put some back, and they came to be in doubt anew.
      await putBackWhere({ ...filter, _id: { $in: found.map((delivery) => delivery._id) } });
    }
  }
}
