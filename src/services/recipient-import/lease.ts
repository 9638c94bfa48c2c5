import { Types } from 'mongoose';
import { invalidTransition, notFound } from '../../errors.js';
import { EmailCampaignModel } from '../../models/email-campaign.js';
import { JOURNALED } from '../../mongo.js';
import { existing } from '../../sending/campaigns/moves.js';
import { EDITABLE } from '../../sending/states.js';
import { owned, type Tenant } from '../../tenant.js';

const LEASE_MS = 60_000;
const RENEW_AFTER_MS = 20_000;

/** The campaign's recipients are ours to change, and it is not launched meanwhile. */
export interface Lease {
  /**
   * To be called before each change: asks again, when some seconds have passed, whether the campaign still takes
   * recipients. A lease that has run out is simply taken again, as the same update makes sure of what it guards.
   * @throws AppError 409 when it does not, 404 when it is gone.
   */
  renew(): Promise<void>;
  /** The same, whenever it was asked last: before it is said that all went well. */
  confirm(): Promise<void>;
  /** Also makes sure that everything written under the lease has reached the disk. */
  release(): Promise<void>;
}

/**
 * Takes a lease of 60 s on a campaign's recipients: while one is live, by MongoDB's clock, the campaign is not launched.
 * Any number may be held side by side. Those of processes that died are dropped when the next one is taken.
 * @throws AppError 404 for no campaign of this tenant, 409 for one that is neither draft nor scheduled.
 */
export async function lease(tenant: Tenant, campaignId: Types.ObjectId): Promise<Lease> {
  const token = new Types.ObjectId();
  let takenAt = performance.now();
  await take(tenant, campaignId, token);
  return {
    async renew() {
      if (performance.now() - takenAt < RENEW_AFTER_MS) return;
      takenAt = performance.now();
      await take(tenant, campaignId, token);
    },
    confirm: () => take(tenant, campaignId, token),
    async release() {
      // Journaled: MongoDB's journal is one sequence, so what was inserted before this has reached it too.
      await EmailCampaignModel.updateOne(
        owned(tenant, { _id: campaignId }),
        // The revision: a launch that was checked meanwhile does not go out to other recipients than it was checked for.
        { $pull: { imports: { token } }, $inc: { __v: 1 } },
        { timestamps: false, writeConcern: JOURNALED },
      );
    },
  };
}

async function take(tenant: Tenant, campaignId: Types.ObjectId, token: Types.ObjectId): Promise<void> {
  const others = {
    $filter: {
      input: '$imports',
      cond: { $and: [{ $gt: ['$$this.until', '$$NOW'] }, { $ne: ['$$this.token', token] }] },
    },
  };
  const own = { token, until: { $add: ['$$NOW', LEASE_MS] } };
  const { matchedCount } = await EmailCampaignModel.updateOne(
    { ...existing(tenant, campaignId), ...EDITABLE },
    [{ $set: { imports: { $concatArrays: [others, [own]] } } }],
    { updatePipeline: true, timestamps: false },
  );
  if (matchedCount === 1) return;
  const campaign = await EmailCampaignModel.findOne(existing(tenant, campaignId), { status: 1 }).lean();
  if (!campaign) throw notFound('campaign');
  throw invalidTransition(`The recipients of a campaign that is ${campaign.status} cannot be changed`);
}
