import { EmailCampaignModel } from '../../models/email-campaign.js';
import { enqueueLine, enqueueTurns } from '../../queue/queues.js';
import { dueLines } from '../batch/lines.js';
import { expireDue } from '../campaigns/due.js';
import { isHalted, recentHalt } from '../halt.js';
import { wasEmptied } from '../limits/filled.js';
import { expireMessages } from './expire-messages.js';
import { relay } from './outbox.js';
import { type Periodic, takeSteps } from './periodic.js';

/**
 * What changed so lately, in ms, is enqueued again each time: the call that changed it may have met a turn that was about
 * to end, or no Redis.
 */
const LATELY_MS = 10_000;

/**
 * Every second, in one worker at a time: ends what has expired, wakes what was put on hold or has lost its turns, and puts
 * what happened into the log.
 */
export const PULSE: Periodic = { name: 'pulse', everyMs: 1_000, leaseMs: 3_000, round: pulse };

/** One round; each step can be repeated. */
export async function pulse(): Promise<void> {
  await takeSteps({ expireDue, expireMessages, relay, wake });
}

async function wake(): Promise<void> {
  const { isHalted: isStopped, since } = await recentHalt();
  if (isStopped) return;
  const lately = new Date(Date.now() - LATELY_MS);
  // With Redis, the turns of everything that is under way are gone; while all sending was stopped, they ended.
  const isAnew = (await wasEmptied()) || (since !== undefined && since > lately);
  const changed = { $or: [{ updatedAt: { $gt: lately } }, { 'hold.retryAt': { $lte: new Date() } }] };
  await enqueueRunning(isAnew ? {} : changed);
  await enqueueDueLines();
}

/**
 * Sees to it that running campaigns have their turns; not those on hold, whose time has not come, and none while all sending
 * is stopped: their turns would end at once.
 */
export async function enqueueRunning(filter: object = {}): Promise<void> {
  if (await isHalted()) return;
  const isFree = { $or: [{ hold: null }, { 'hold.retryAt': { $lte: new Date() } }] };
  const running = await EmailCampaignModel.find({ status: 'sending', $and: [isFree, filter] }, { _id: 1 }).lean();
  await enqueueTurns(running.map(({ _id }) => _id.toHexString()));
}

/** The same for lines of single messages that have something due. */
export async function enqueueDueLines(): Promise<void> {
  if (!(await isHalted())) await enqueueLine(...(await dueLines()));
}
