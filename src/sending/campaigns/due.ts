import { randomUUID } from 'node:crypto';
import { AppError } from '../../errors.js';
import { logger } from '../../logger.js';
import { BusinessModel } from '../../models/business.js';
import { type EmailCampaign, EmailCampaignModel } from '../../models/email-campaign.js';
import { isHalted } from '../halt.js';
import { NO_IMPORT } from '../states.js';
import { hold, release } from '../upkeep/leases.js';
import { asChecked, launch } from './launch.js';
import { because, move, pause } from './moves.js';

/** What should have gone out so long ago, in ms, goes out at nobody's surprise: a person decides. */
const MISSED_MS = 6 * 3_600_000;

/** Checking a long list before its launch takes some seconds; other processes leave it to the first for so long, in ms. */
const LAUNCH_MS = 4_000;

/** Due campaigns of one round. */
const ROUND = 50;

/** Launches campaigns whose time has come. */
export interface Launcher {
  /**
   * Begins to launch what is due by the database's clock, and does not wait for it: checking a long list must not make
   * another one late. Any number of processes may do it at once, for the launch is one compare-and-set.
   */
  round(): Promise<void>;
  /** Resolves when nothing is being launched. */
  idle(): Promise<void>;
}

export function createLauncher(): Launcher {
  const holder = randomUUID();
  const launching = new Map<string, Promise<unknown>>();
  return {
    async round() {
      // What is due then is launched, or is too late, when sending goes on.
      if (await isHalted()) return;
      for (const campaign of await due()) {
        const id = campaign._id.toHexString();
        if (launching.has(id)) continue;
        const launched = launchOne(campaign, holder).finally(() => launching.delete(id));
        launching.set(id, launched);
      }
    },
    async idle() {
      await Promise.all(launching.values());
    },
  };
}

/**
 * What has to be launched or withheld, the first due first. What waits for an import, whose sender may be slow, or for a
 * business that is suspended, must not fill the round.
 */
function due(): Promise<EmailCampaign[]> {
  const isMissed = { scheduledFor: { $lt: new Date(Date.now() - MISSED_MS) } };
  return EmailCampaignModel.aggregate<EmailCampaign>([
    {
      $match: {
        status: 'scheduled',
        isDeleted: { $ne: true },
        $expr: { $and: [{ $lte: ['$scheduledFor', '$$NOW'] }, NO_IMPORT.$expr] },
      },
    },
    { $sort: { scheduledFor: 1 } },
    {
      $lookup: {
        from: BusinessModel.collection.name,
        localField: 'business',
        foreignField: '_id',
        pipeline: [{ $project: { status: 1 } }],
        as: 'owner',
      },
    },
    { $match: { $or: [{ 'owner.status': 'active' }, isMissed] } },
    { $limit: ROUND },
    { $unset: 'owner' },
  ]).exec();
}

/** Never throws. */
async function launchOne(campaign: EmailCampaign, holder: string): Promise<void> {
  const lease = `launch-${campaign._id}`;
  try {
    if (!(await hold(lease, holder, LAUNCH_MS))) return;
    await launchOrWithhold(campaign).finally(() => release(lease, holder));
  } catch (err) {
    // An import under way, an edit at this very moment, an outage: the next round tries again.
    logger().warn({ err, campaignId: campaign._id }, 'a scheduled campaign was not launched yet');
  }
}

/** What was missed by more than six hours, or fails its preflight, is paused with the reason. */
async function launchOrWithhold(campaign: EmailCampaign): Promise<void> {
  const { business, scheduledFor, expiresAt } = campaign;
  const lateMs = Date.now() - (scheduledFor?.getTime() ?? 0);
  if (lateMs > MISSED_MS) {
    const hours = Math.floor(lateMs / 3_600_000);
    return withhold(campaign, 'missed_schedule', `Its time was missed by ${hours} hours; resume it to send it now`);
  }
  if (expiresAt && expiresAt.getTime() <= Date.now()) {
    return withhold(campaign, 'expired', `It was to be sent until ${expiresAt.toISOString()}`);
  }
  try {
    await launch({ businessId: business }, campaign, 'launch');
    logger().info({ campaignId: campaign._id, lateMs }, 'scheduled campaign launched');
  } catch (error) {
    if (!(error instanceof AppError) || error.status !== 422) throw error;
    return withhold(campaign, 'preflight_failed', error.message);
  }
}

/** Only as it was checked: mended or put off meanwhile, it is looked at again. */
async function withhold(
  campaign: EmailCampaign,
  reason: 'missed_schedule' | 'expired' | 'preflight_failed',
  message: string,
): Promise<void> {
  const change = { ...because(reason, message), where: { ...asChecked(campaign), ...NO_IMPORT } };
  const withheld = await move(campaign._id, 'withhold', change);
  if (withheld) logger().warn({ campaignId: campaign._id, reason }, 'scheduled campaign withheld');
}

/** Pauses the running campaigns that are past their end. @returns how many. */
export async function expireDue(): Promise<number> {
  const expired = await EmailCampaignModel.find(
    { status: 'sending', expiresAt: { $type: 'date' }, $expr: { $lte: ['$expiresAt', '$$NOW'] } },
    { expiresAt: 1 },
  ).lean();
  for (const { _id, expiresAt } of expired) {
    await pause(_id, 'expired', `It was to be sent until ${expiresAt?.toISOString()}`);
  }
  return expired.length;
}
