import mongoose from 'mongoose';
import { logger } from '../../logger.js';
import { DeliveryModel } from '../../models/delivery.js';
import { EmailCampaignModel } from '../../models/email-campaign.js';
import { expireClaims, LEASE_MS } from '../batch/claim.js';
import { endCancelled } from '../campaigns/cancelled.js';
import { endAgain } from '../campaigns/comeback.js';
import { isStale, refresh } from '../campaigns/counts.js';
import { discardDeleted } from '../campaigns/discard.js';
import { goOn } from '../campaigns/going-on.js';
import { move } from '../campaigns/moves.js';
import { settleStale } from '../limits/quota.js';
import { OPEN } from '../states.js';
import { guard } from './guard.js';
import { type Periodic, takeSteps } from './periodic.js';
import { enqueueRunning } from './pulse.js';
import { reconcile } from './reconcile.js';

/** A reservation is settled from the ledger when it is so old, in ms: its claims have expired by then. */
const RESERVATION_MS = LEASE_MS + 30_000;

/** A round counts for so long, in ms. */
const COUNTING_MS = 2_000;

/** The numbers of what was paused lately are taken once more, when its last calls are recorded. */
const LATELY_MS = 60_000;

/** A completed campaign is looked at for so long, in ms. */
const COMPLETED_MS = 3_600_000;

/** Every five seconds, in one worker at a time. */
export const SWEEPER: Periodic = { name: 'sweeper', everyMs: 5_000, leaseMs: 12_000, round: sweep };

/**
 * One round of the sweeper: whatever a process that died, an emptied Redis or a turned month left lying is picked up
 * here. Each step can be repeated, and two sweepers at once do no harm. What needs Redis comes last.
 */
export async function sweep(): Promise<void> {
  const now = await databaseTime();
  const done: Record<string, number> = {};
  const counted = (name: string, step: () => Promise<number>) => async () => {
    done[name] = await step();
  };
  try {
    await takeSteps({
      expireClaims: counted('expired', () => expireClaims(now)),
      settleStale: counted('settled', () => settleStale(new Date(now.getTime() - RESERVATION_MS))),
      goOn: counted('resumed', () => goOn()),
      guard: counted('guarded', guard),
      endCancelled: counted('cancelled', endCancelled),
      discardDeleted: counted('deleted', discardDeleted),
      reopenForgotten: counted('reopened', () => reopenForgotten(now)),
      reconcile: counted('differences', reconcile),
      refreshCounts: () => refreshCounts(now),
      enqueueRunning,
    });
  } finally {
    if (Object.values(done).some((n) => n > 0)) logger().warn(done, 'sweeper');
  }
}

/** The numbers of what is under way, or was until lately: the oldest first, and for a while. The next round goes on. */
async function refreshCounts(now: Date): Promise<void> {
  const until = performance.now() + COUNTING_MS;
  const lately = new Date(now.getTime() - LATELY_MS);
  const moving = await EmailCampaignModel.find(
    {
      $or: [
        { status: 'sending', hold: null },
        { status: 'paused', 'pause.at': { $gt: lately } },
      ],
    },
    { counts: 1 },
  )
    .sort({ 'counts.asOf': 1 })
    .lean();
  for (const { _id, counts } of moving) {
    if (performance.now() > until) return;
    if (isStale(counts)) await refresh(_id);
  }
}

/**
 * A worker that stood still for longer than its claims gives back what it never sent, and sees to it that it goes on
 * (`campaigns/comeback.ts`); unless it dies in between.
 */
async function reopenForgotten(now: Date): Promise<number> {
  const since = new Date(now.getTime() - COMPLETED_MS);
  const over = { status: { $in: ['sent', 'cancelled'] as const }, completedAt: { $gt: since } };
  let reopened = 0;
  for (const { _id, status } of await EmailCampaignModel.find(over, { status: 1 }).lean()) {
    const isOpen = await DeliveryModel.exists({ campaign: _id, status: { $in: OPEN } });
    if (isOpen && (status === 'sent' ? await move(_id, 'reopen') : await endAgain(_id))) reopened += 1;
  }
  return reopened;
}

/** The database's clock: leases are written by it, so they end by it. */
async function databaseTime(): Promise<Date> {
  const hello = await mongoose.connection.db?.command({ hello: 1 });
  return hello?.localTime instanceof Date ? hello.localTime : new Date();
}
