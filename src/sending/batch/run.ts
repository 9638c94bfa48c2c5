import type { Types } from 'mongoose';
import { logger } from '../../logger.js';
import { BusinessModel } from '../../models/business.js';
import { type Delivery, DeliveryModel } from '../../models/delivery.js';
import { type EmailCampaign, EmailCampaignModel, type PauseReason } from '../../models/email-campaign.js';
import { classify } from '../../ses/errors.js';
import type { Gateway, Gateways } from '../../ses/gateway.js';
import { pause } from '../campaigns/moves.js';
import * as limiter from '../limits/limiter.js';
import * as quota from '../limits/quota.js';
import { blockedForBulk } from '../suppression.js';
import type { Stop } from './attempt.js';
import { type CallsEnd, makeCalls, type Pace } from './calls.js';
import { type Claim, claim, findDue, giveBack, giveBackAll } from './claim.js';
import { persist } from './persist.js';
import { Recorder } from './record.js';

/** At most so many deliveries are claimed at once: what one turn of a killed worker can leave in doubt. */
export const BATCH_SIZE = 64;

const THROTTLED_MS = 1_000;
const UNREACHABLE_MS = 5_000;

/** The rest of the month is reserved by other batches: what they do not use is there so soon. */
const RESERVED_MS = 250;

/**
 * So many refused messages and none taken, in a batch or in the campaign so far, pause the campaign: the next would fare
 * no better.
 */
const REJECTIONS = 10;

/** What a worker needs to send. */
export interface Sending {
  gateways: Gateways;
  /** Aborted when the worker ends: no further call begins. */
  signal: AbortSignal;
}

/** How a batch ended, and so what its turn does next. */
export type BatchEnd =
  /** There may be more to send. */
  | { kind: 'more' }
  /** Nothing is due. */
  | { kind: 'empty' }
  /** The account can take no more for the moment. */
  | { kind: 'wait'; ms: number }
  /** The campaign is not running any more. */
  | { kind: 'stopped' };

/**
 * One batch of a campaign: slots of the account's rate, then the month's quota, then the claim (of no more than both),
 * then suppression, then the calls, then the outcomes. What was taken and not used is given back.
 * @throws the error of MongoDB or Redis; nothing that was claimed is left behind by it.
 */
export async function runBatch(campaign: EmailCampaign, sending: Sending): Promise<BatchEnd> {
  const gateway = await gatewayFor(campaign, sending.gateways);
  if (!gateway) return { kind: 'stopped' };
  const candidates = await findDue(campaign._id, BATCH_SIZE);
  if (candidates.length === 0) return { kind: 'empty' };

  const slots = await slotsFor(campaign, gateway, candidates.length);
  if ('kind' in slots) return slots;
  const pace: Pace = slots;

  const reservation = await quota.reserve(campaign.business, campaign._id, slots.granted);
  if ('isFinal' in reservation) {
    if (!reservation.isFinal) return { kind: 'wait', ms: RESERVED_MS };
    await pause(campaign._id, 'quota_exceeded', 'The month’s messages are used up');
    return { kind: 'stopped' };
  }
  const recorder = new Recorder(reservation.id);
  const { allowed, deadline } = await claimAllowed(campaign, reservation, candidates, recorder);
  const end = await makeCalls({
    gateway,
    campaign,
    deliveries: allowed,
    deadline,
    pace,
    signal: sending.signal,
    recorder,
  });
  await recorder.written();
  await returnUnsent(reservation.id, end.returned);
  await persist('a quota reservation', () => quota.settle(campaign.business, reservation.id, end.used));
  return react(campaign, gateway, end);
}

/** The business's way to SES, if the campaign and the business may send at this moment. */
async function gatewayFor(
  { _id, business: businessId }: EmailCampaign,
  gateways: Gateways,
): Promise<Gateway | undefined> {
  const [current, business] = await Promise.all([
    EmailCampaignModel.findById(_id, { status: 1 }).lean(),
    BusinessModel.findById(businessId, { status: 1, sesConfiguration: 1 }).lean(),
  ]);
  if (current?.status !== 'sending') return undefined;
  if (business?.status !== 'active') {
    await pause(_id, 'account', 'The business is suspended');
    return undefined;
  }
  try {
    const gateway = gateways.of(business);
    if (!gateway) await pause(_id, 'credentials', 'No SES account is connected');
    return gateway;
  } catch (err) {
    logger().error({ err, campaignId: _id, businessId }, 'SES credentials cannot be read');
    await pause(_id, 'credentials', 'The stored SES credentials cannot be read; connect the account again');
    return undefined;
  }
}

async function slotsFor(
  campaign: EmailCampaign,
  gateway: Gateway,
  wanted: number,
): Promise<limiter.Slots | Extract<BatchEnd, { kind: 'wait' | 'stopped' }>> {
  try {
    const slots = await limiter.acquire(gateway.account, wanted, gateway.quota);
    return slots.granted > 0 ? slots : { kind: 'wait', ms: slots.waitMs };
  } catch (error) {
    const failure = classify(error);
    if (failure.kind !== 'credentials' && failure.kind !== 'account') throw error;
    await pauseFor(campaign, failure.kind, `${failure.code}: ${failure.message}`);
    return { kind: 'stopped' };
  }
}

/** Claims what the reservation pays for, and leaves out the suppressed. */
async function claimAllowed(
  campaign: EmailCampaign,
  reservation: quota.Reservation,
  candidates: readonly Delivery[],
  recorder: Recorder,
): Promise<{ allowed: Delivery[]; deadline: Claim['deadline'] }> {
  try {
    const claimed = await claim(reservation.id, candidates.slice(0, reservation.n));
    const emails = claimed.deliveries.map((delivery) => delivery.email);
    const blocked = await blockedForBulk({ businessId: campaign.business }, emails);
    const allowed = claimed.deliveries.filter(({ _id: id, email }) => {
      const reason = blocked.get(email);
      if (!reason) return true;
      recorder.add({
        kind: 'suppressed',
        id,
        error: { code: reason, message: `The address is suppressed: ${reason}` },
      });
      return false;
    });
    return { allowed, deadline: claimed.deadline };
  } catch (error) {
    // Whether the claim was written is not known; that nobody was mailed is.
    await persist('a claim that failed', () => giveBackAll(reservation.id));
    await persist('a quota reservation', () => quota.settle(campaign.business, reservation.id, 0));
    throw error;
  }
}

async function returnUnsent(token: Types.ObjectId, returned: CallsEnd['returned']): Promise<void> {
  const atOnce = returned.filter(({ how }) => !how.dueAt).map(({ id }) => id);
  if (atOnce.length > 0) await persist('deliveries given back', () => giveBack(token, atOnce));
  for (const { id, how } of returned) {
    if (how.dueAt) await persist('a delivery given back', () => giveBack(token, [id], how));
  }
}

async function react(campaign: EmailCampaign, gateway: Gateway, end: CallsEnd): Promise<BatchEnd> {
  if (end.sent === 0 && end.rejected > 0 && (end.rejected >= REJECTIONS || (await refusesAll(campaign)))) {
    await pause(campaign._id, 'rejections', 'SES refuses one message after the other; see the failed recipients');
    return { kind: 'stopped' };
  }
  return end.stop ? obey(end.stop, campaign, gateway) : { kind: 'more' };
}

/** Whether SES took nothing of the campaign and refused at least ten: batches of a slow account are small. */
async function refusesAll({ _id }: EmailCampaign): Promise<boolean> {
  const [failed, sent] = await Promise.all([
    DeliveryModel.countDocuments({ campaign: _id, status: 'failed' }).limit(REJECTIONS),
    DeliveryModel.exists({ campaign: _id, status: 'sent' }),
  ]);
  return failed >= REJECTIONS && sent === null;
}

/** Pauses; wrong credentials are also marked as such, so that no other campaign begins with them. */
async function pauseFor(campaign: EmailCampaign, reason: PauseReason, message: string): Promise<void> {
  await pause(campaign._id, reason, message);
  if (reason !== 'credentials') return;
  await BusinessModel.updateOne({ _id: campaign.business }, { $set: { 'sesConfiguration.verified': false } });
}

async function obey(stop: Stop, campaign: EmailCampaign, gateway: Gateway): Promise<BatchEnd> {
  logger().warn({ campaignId: campaign._id, account: gateway.account, stop: stop.kind }, 'SES stops the batch');
  switch (stop.kind) {
    case 'throttled':
      await limiter.rest(gateway.account);
      return { kind: 'wait', ms: THROTTLED_MS };
    case 'day_exhausted':
      await limiter.exhaustDay(gateway.account);
      return { kind: 'wait', ms: UNREACHABLE_MS };
    case 'unreachable':
      return { kind: 'wait', ms: UNREACHABLE_MS };
    case 'pause':
      await pauseFor(campaign, stop.reason, stop.message);
      return { kind: 'stopped' };
  }
}
