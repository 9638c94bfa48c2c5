import { setTimeout as sleep } from 'node:timers/promises';
import type { Types } from 'mongoose';
import type { Delivery } from '../../models/delivery.js';
import { type EmailCampaign, EmailCampaignModel } from '../../models/email-campaign.js';
import type { Gateway } from '../../ses/gateway.js';
import { attempt, RENDER_FAILED, type Stop } from './attempt.js';
import type { GiveBack } from './claim.js';
import type { Recorder } from './record.js';

/** Calls of one batch under way at once. */
const LANES = 16;

/**
 * A slot of the account's rate is lost when its call is so late, in ms: late calls would crowd the ones that follow. So
 * the burst is a quarter of a second's worth, and for accounts so fast that a batch is granted at one moment, the batch.
 */
const LATE_MS = 250;
const LATE_AT_ONCE_MS = 1_000;
const AT_ONCE_MS = 100;

/** A campaign's status is looked at so often while its batch runs, in ms. */
const WATCH_MS = 500;

/** When the calls of a batch may begin, on `performance.now()`'s clock, in ms: one every `spacingMs` from `from` on. */
export interface Pace {
  from: number;
  spacingMs: number;
}

export interface CallsEnd {
  /** Calls that used one of the month's messages: sent, or perhaps sent. */
  used: number;
  /** What SES surely did not take, or was never asked to. */
  returned: { id: Types.ObjectId; how: GiveBack }[];
  /** Why the calls stopped early, if SES was the reason. */
  stop?: Stop;
  rejected: number;
  sent: number;
}

interface Batch {
  gateway: Gateway;
  campaign: EmailCampaign;
  deliveries: readonly Delivery[];
  deadline: number;
  pace: Pace;
  signal: AbortSignal;
  recorder: Recorder;
}

/**
 * Makes the calls of a batch, each in its slot, and hands each outcome to the recorder. It stops before the next call
 * when the worker ends, the campaign is paused or cancelled, the claim's deadline is near, or SES says so. Never throws.
 */
export async function makeCalls(batch: Batch): Promise<CallsEnd> {
  const { deliveries, pace, recorder } = batch;
  const end: CallsEnd = { used: 0, returned: [], rejected: 0, sent: 0 };
  const isRunning = watch(batch.campaign._id);
  const lateMs = pace.spacingMs * deliveries.length < AT_ONCE_MS ? LATE_AT_ONCE_MS : LATE_MS;
  let next = 0;
  let isStopped = false;

  const lane = async () => {
    while (!isStopped && next < deliveries.length) {
      const index = next++;
      const delivery = deliveries[index];
      if (!delivery) return;
      const slot = pace.from + index * pace.spacingMs;
      const early = slot - performance.now();
      // At most the limiter's horizon, so an ending worker waits no longer than that.
      if (early > 1) await sleep(early);
      const mayGoOn = await isRunning();
      // After everything that waits, so that what happened meanwhile counts.
      if (!mayGoOn || batch.signal.aborted || performance.now() > Math.min(batch.deadline, slot + lateMs))
        isStopped = true;
      if (isStopped) {
        end.returned.push({ id: delivery._id, how: {} });
        return;
      }
      const result = await attempt(batch.gateway, batch.campaign, delivery);
      if ('outcome' in result) {
        recorder.add(result.outcome);
        const { kind } = result.outcome;
        if (kind === 'sent') end.sent += 1;
        if (kind === 'failed' && result.outcome.error.code !== RENDER_FAILED) end.rejected += 1;
        if (kind === 'sent' || kind === 'unconfirmed') end.used += 1;
      } else {
        end.returned.push({ id: result.returned, how: result.how });
        end.stop ??= result.stop;
        isStopped = true;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(LANES, deliveries.length) }, lane));
  for (const { _id } of deliveries.slice(next)) end.returned.push({ id: _id, how: {} });
  return end;
}

/** Whether the campaign is still sending, by one look at the database every so often for all lanes. */
function watch(campaignId: Types.ObjectId): () => Promise<boolean> {
  let looked = performance.now();
  let answer = Promise.resolve(true);
  return () => {
    if (performance.now() - looked > WATCH_MS) {
      looked = performance.now();
      answer = EmailCampaignModel.findById(campaignId, { status: 1 })
        .lean()
        .then((campaign) => campaign?.status === 'sending')
        // Without MongoDB nobody can say so: better a batch given back than one sent after a pause.
        .catch(() => false);
    }
    return answer;
  };
}
