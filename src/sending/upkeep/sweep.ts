import mongoose from 'mongoose';
import { logger } from '../../logger.js';
import { DeliveryModel } from '../../models/delivery.js';
import { EmailCampaignModel } from '../../models/email-campaign.js';
import { enqueueTurns } from '../../queue/queues.js';
import { expireClaims, LEASE_MS } from '../batch/claim.js';
import { endCancelled } from '../campaigns/cancelled.js';
import { isStale, refresh } from '../campaigns/counts.js';
import { move } from '../campaigns/moves.js';
import * as quota from '../limits/quota.js';
import { OPEN } from '../states.js';

/** A reservation is settled from the ledger when it is so old, in ms: its claims have expired by then. */
const RESERVATION_MS = LEASE_MS + 30_000;

/** The numbers of what was paused lately are taken once more, when its last calls are recorded. */
const LATELY_MS = 60_000;

/** A completed campaign is looked at for so long, in ms. */
const COMPLETED_MS = 3_600_000;

/**
 * One round of the sweeper: whatever a process that died, an emptied Redis or a turned month left lying is picked up
 * here. Each step can be repeated, and two sweepers at once do no harm.
 */
export async function sweep(): Promise<void> {
  const now = await databaseTime();
  const expired = await expireClaims(now);
  const settled = await quota.settleStale(new Date(now.getTime() - RESERVATION_MS));
  const resumed = await resumeWithQuota();
  const cancelled = await endCancelled();
  const reopened = await reopenForgotten(now);
  const running = await EmailCampaignModel.find({ status: 'sending' }, { counts: 1 }).lean();
  await enqueueTurns(running.map(({ _id }) => _id.toHexString()));
  const lately = new Date(now.getTime() - LATELY_MS);
  const paused = await EmailCampaignModel.find({ status: 'paused', 'pause.at': { $gt: lately } }, { counts: 1 }).lean();
  for (const { _id, counts } of [...running, ...paused]) if (isStale(counts)) await refresh(_id);
  if (expired + settled + resumed + cancelled + reopened > 0) {
    logger().warn({ expired, settled, resumed, cancelled, reopened }, 'sweeper');
  }
}

/**
 * A worker that stood still for longer than its claims knows which of them it never sent, and gives them back: the
 * campaign may have been completed meanwhile.
 */
async function reopenForgotten(now: Date): Promise<number> {
  const since = new Date(now.getTime() - COMPLETED_MS);
  const completed = await EmailCampaignModel.find({ status: 'sent', completedAt: { $gt: since } }, { _id: 1 }).lean();
  let reopened = 0;
  for (const { _id } of completed) {
    const isOpen = await DeliveryModel.exists({ campaign: _id, status: { $in: OPEN } });
    if (isOpen && (await move(_id, 'reopen', { unset: { completedAt: 1 } }))) reopened += 1;
  }
  return reopened;
}

/** The database's clock: leases are written by it, so they end by it. */
async function databaseTime(): Promise<Date> {
  const hello = await mongoose.connection.db?.command({ hello: 1 });
  return hello?.localTime instanceof Date ? hello.localTime : new Date();
}

/** Campaigns that the month's limit paused go on when the month has turned or the limit was raised. */
async function resumeWithQuota(): Promise<number> {
  const paused = await EmailCampaignModel.find(
    { status: 'paused', 'pause.reason': 'quota_exceeded' },
    { business: 1 },
  ).lean();
  if (paused.length === 0) return 0;
  const withRoom = await quota.businessesWithRoom(paused.map(({ business }) => business));
  let resumed = 0;
  for (const { _id, business } of paused) {
    if (!withRoom.has(business.toHexString())) continue;
    // A person may have paused it meanwhile; that wins.
    const where = { 'pause.reason': 'quota_exceeded' };
    if (await move(_id, 'resume', { where, unset: { pause: 1 } })) resumed += 1;
  }
  return resumed;
}
