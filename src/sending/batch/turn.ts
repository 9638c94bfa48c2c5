import { Types } from 'mongoose';
import { logger } from '../../logger.js';
import { DeliveryModel, type DeliveryStatus } from '../../models/delivery.js';
import { type EmailCampaign, EmailCampaignModel } from '../../models/email-campaign.js';
import { type JobData, TURNS_PER_LINE } from '../../queue/jobs.js';
import { count } from '../campaigns/counts.js';
import { move } from '../campaigns/moves.js';
import { putBack } from '../campaigns/retry.js';
import { isHalted } from '../halt.js';
import { OPEN } from '../states.js';
import { campaignSource } from './campaign-source.js';
import { lineSource, restOf } from './line-source.js';
import type { Precedence } from './precedence.js';
import { runBatch, type Sending } from './run.js';
import type { Source } from './source.js';

/** A turn lasts so long, in ms; then the next campaign has its own. */
const TURN_MS = 500;

/** With deliveries that are not due yet, or that others hold, it is looked at again after this, in ms. */
const NOT_DUE_MS = 1_000;

/** What has to step back, as the process has no time for it, comes again after this, in ms. */
const STEP_BACK_MS = 250;

/** What a worker's turns share. */
export interface Turns extends Sending {
  precedence: Precedence;
}

/** What becomes of a turn: it comes again after `delayMs`, or it is over. */
export type TurnEnd = { kind: 'again'; delayMs: number } | { kind: 'over' };

/**
 * One turn of a campaign: batches for half a second. The campaign is `sent` when the ledger holds no open delivery,
 * never because a list came to its end. While all sending is stopped there are no turns: the pulse brings them back.
 * @throws the error of MongoDB or Redis; the turn then comes again.
 */
export async function takeTurn(campaignId: string, sending: Turns): Promise<TurnEnd> {
  if (await isHalted()) return { kind: 'over' };
  const campaign = await EmailCampaignModel.findById(campaignId).lean<EmailCampaign>();
  if (campaign?.status !== 'sending' || isOnHold(campaign)) return { kind: 'over' };
  if (campaign.retry) await putBack(campaign);
  return batches(campaignSource(campaign), sending, () => finish(campaign._id));
}

/**
 * One turn of a line of single messages. It is over when nothing of it is due: what is accepted then has a turn enqueued, or
 * is found by the pulse.
 * @throws the error of MongoDB or Redis; the turn then comes again.
 */
export async function takeLineTurn(
  { businessId, stream, isTest, slot }: JobData<'line'>,
  sending: Turns,
): Promise<TurnEnd> {
  if (await isHalted()) return { kind: 'over' };
  const line = { business: new Types.ObjectId(businessId), stream, isTest };
  const source = lineSource(line, { slot, of: TURNS_PER_LINE });
  return batches(source, sending, async () => {
    const delayMs = isTest ? undefined : restOf(line);
    return delayMs === undefined ? { kind: 'over' } : { kind: 'again', delayMs };
  });
}

/** The pulse wakes it. */
const isOnHold = ({ hold }: EmailCampaign) => hold != null && hold.retryAt.getTime() > Date.now();

async function batches(source: Source, sending: Turns, finish: () => Promise<TurnEnd>): Promise<TurnEnd> {
  const turn = () => runBatches(source, sending, finish);
  if (source.lane !== 'bulk') return sending.precedence.first(turn);
  return (await sending.precedence.second(turn)) ?? { kind: 'again', delayMs: STEP_BACK_MS };
}

async function runBatches(source: Source, sending: Sending, finish: () => Promise<TurnEnd>): Promise<TurnEnd> {
  const until = performance.now() + TURN_MS;
  while (performance.now() < until && !sending.signal.aborted) {
    const end = await runBatch(source, sending);
    if (end.kind === 'empty') return finish();
    if (end.kind === 'stopped') return { kind: 'over' };
    if (end.kind === 'wait') return { kind: 'again', delayMs: end.ms };
  }
  return { kind: 'again', delayMs: 0 };
}

/**
 * Completes the campaign if nothing is open, else says whether to look again. The count decides: it meets each delivery
 * once, and what is at an end stays there, while a delivery that goes back to pending could slip past a mere search.
 */
async function finish(campaignId: Types.ObjectId): Promise<TurnEnd> {
  if (await isThere(campaignId, 'pending')) return { kind: 'again', delayMs: NOT_DUE_MS };
  // What others hold, they or the sweeper bring to an end.
  if (await isThere(campaignId, 'sending')) return { kind: 'over' };
  const counts = await count(campaignId);
  if (OPEN.some((status) => counts.states[status] > 0)) return { kind: 'again', delayMs: 0 };
  const { failed, suppressed, unconfirmed } = counts.states;
  // With its numbers in the same write: who sees it sent sees them whole.
  const completed = await move(campaignId, 'complete', {
    where: { retry: null },
    set: { completedAt: new Date(), counts },
    event: {
      type: 'campaign.completed',
      data: { total: counts.total, sent: counts.stats.sent, failed, suppressed, unconfirmed },
    },
  });
  if (completed) logger().info({ campaignId, states: counts.states }, 'campaign completed');
  return { kind: 'over' };
}

async function isThere(campaignId: Types.ObjectId, status: DeliveryStatus): Promise<boolean> {
  return (await DeliveryModel.exists({ campaign: campaignId, status })) !== null;
}
