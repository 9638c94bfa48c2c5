import { setTimeout as sleep } from 'node:timers/promises';
import mongoose, { type Types } from 'mongoose';
import { logger } from '../../logger.js';
import { type Business, BusinessModel } from '../../models/business.js';
import type { Delivery } from '../../models/delivery.js';
import type { PauseReason } from '../../models/email-campaign.js';
import { classify } from '../../ses/errors.js';
import type { Gateway, Gateways } from '../../ses/gateway.js';
import { INACTIVE } from '../campaigns/going-on.js';
import { isHalted } from '../halt.js';
import * as breaker from '../limits/breaker.js';
import * as limiter from '../limits/limiter.js';
import * as quota from '../limits/quota.js';
import type { Stop } from './attempt.js';
import { type CallsEnd, type Message, makeCalls } from './calls.js';
import { CLAIM_LIMIT_MS, type Claim, claim, giveBack, giveBackAll } from './claim.js';
import { capped, dayExhausted, unclearAnswers } from './holds.js';
import { persist } from './persist.js';
import { Recorder } from './record.js';
import { sandboxGateway } from './sandbox.js';
import type { BatchEnd, Source } from './source.js';
import type { Traffic } from './traffic.js';

/** At most so many deliveries are claimed at once: what one turn of a killed worker can leave in doubt. */
export const BATCH_SIZE = 64;

const THROTTLED_MS = 1_000;
const UNREACHABLE_MS = 5_000;
const STUCK_MS = 1_000;

/** The rest of the month, or of a day's cap, is reserved by other batches: what they do not use is there so soon. */
const RESERVED_MS = 250;

/** So many refused messages in a batch, and none taken, stop it for good: the next would fare no better. */
const REJECTIONS = 10;

/** What a worker needs to send. */
export interface Sending {
  gateways: Gateways;
  traffic: Traffic;
  /** Aborted when the worker ends: no further call begins. */
  signal: AbortSignal;
}

/** What a batch works with once it may send. */
interface Batch {
  source: Source;
  business: Business;
  gateway: Gateway;
  sending: Sending;
}

/**
 * One batch: slots of the account's rate, then the month's quota, then the claim (of no more than both), then suppression,
 * then the calls, then the outcomes. What was taken and not used is given back.
 * @throws the error of MongoDB or Redis; nothing that was claimed is left behind by it.
 */
export async function runBatch(source: Source, sending: Sending): Promise<BatchEnd> {
  const begun = await begin(source, sending);
  if ('kind' in begun) return begun;
  const candidates = await source.findDue(BATCH_SIZE);
  if (candidates.length === 0) return { kind: 'empty' };
  const slots = await slotsFor(begun, candidates.length);
  if ('kind' in slots) return slots;
  const reservation = await reserveFor(begun, candidates.slice(0, slots.granted));
  if ('kind' in reservation) return reservation;

  const recorder = new Recorder(reservation.id);
  const { allowed, deadline } = await claimAllowed(begun, reservation, candidates, recorder);
  await source.started();
  const { end, answered } = await makeCalls({
    gateway: begun.gateway,
    source,
    messages: allowed,
    deadline,
    pace: slots,
    signal: sending.signal,
    recorder,
  });
  const conclude = async () => {
    await recorder.written();
    await returnUnsent(source, reservation.id, end);
    await settle(source, reservation, end.used);
  };
  if (end.open === 0) {
    await conclude();
    return react(begun, slots, end);
  }
  // SES is silent. The turn is for others; these calls are concluded when they end.
  await returnUnsent(source, reservation.id, end);
  const late = answered.then(conclude).then(() => react(begun, slots, end));
  const quiet = late.then(
    () => undefined,
    (err: unknown) => logger().error({ err, account: begun.gateway.account }, 'a late batch was not concluded'),
  );
  sending.traffic.add(begun.gateway.account, end.open, quiet);
  return { kind: 'wait', ms: STUCK_MS };
}

/** The business and its way to SES, if the source and the business may send at this moment. */
async function begin(source: Source, sending: Sending): Promise<Batch | BatchEnd> {
  if (await isHalted()) return { kind: 'stopped' };
  const [isRunning, business] = await Promise.all([
    source.isRunning(),
    BusinessModel.findById(source.business, {
      status: 1,
      sesConfiguration: 1,
      settings: 1,
      eventWiring: 1,
      'sendingDomains.domain': 1,
      'sendingDomains.verified': 1,
    }).lean<Business>(),
  ]);
  if (!isRunning) return { kind: 'stopped' };
  if (business?.status !== 'active') return source.stop('business_inactive', INACTIVE);
  const problem = source.problemOf(business);
  if (problem) return source.stop('account', problem);
  if (source.isSandbox) return { source, business, gateway: sandboxGateway(business._id), sending };
  try {
    const gateway = sending.gateways.of(business);
    if (!gateway) return await source.stop('credentials', 'No SES account is connected');
    if (sending.traffic.isStuck(gateway.account)) return { kind: 'wait', ms: STUCK_MS };
    return { source, business, gateway, sending };
  } catch (err) {
    logger().error({ err, businessId: business._id }, 'SES credentials cannot be read');
    return source.stop('credentials', 'The stored SES credentials cannot be read; connect the account again');
  }
}

async function slotsFor({ source, gateway }: Batch, wanted: number): Promise<limiter.Slots | BatchEnd> {
  const { lane, ownRate, isSandbox } = source;
  if (isSandbox) return limiter.unlimited(wanted);
  try {
    const slots = await limiter.acquire({ account: gateway.account, lane, campaign: ownRate }, wanted, gateway.quota);
    if (slots.granted > 0) return slots;
    if (slots.why === 'day_exhausted') return source.hold(dayExhausted());
    if (slots.why === 'unclear_answers') return source.hold(unclearAnswers(slots.waitMs));
    return { kind: 'wait', ms: slots.waitMs };
  } catch (error) {
    const failure = classify(error);
    if (failure.kind !== 'credentials' && failure.kind !== 'account') throw error;
    return stopFor({ source, gateway }, failure.kind, `${failure.code}: ${failure.message}`);
  }
}

async function reserveFor(
  { source, business }: Batch,
  candidates: readonly Delivery[],
): Promise<quota.Reservation | BatchEnd> {
  if (source.isSandbox) return quota.unpaid(candidates.length);
  const caps = source.capsOf(business, candidates);
  const reservation = await quota.reserve(business._id, candidates.length, source.lane, caps);
  if ('id' in reservation) return reservation;
  switch (reservation.exhausted) {
    case 'reserved':
      return { kind: 'wait', ms: RESERVED_MS };
    case 'month':
      return source.stop('quota_exceeded', 'The month’s messages are used up');
    case 'cap':
      return source.hold(await capped(reservation.cap, business));
  }
}

/** Claims what the reservation pays for, and leaves out the suppressed and what cannot be sent. */
async function claimAllowed(
  { source, business }: Batch,
  reservation: quota.Reservation,
  candidates: readonly Delivery[],
  recorder: Recorder,
): Promise<{ allowed: Message[]; deadline: Claim['deadline'] }> {
  try {
    const claimed = await claim(reservation, candidates.slice(0, reservation.n));
    const [blocked, mailingOf] = await Promise.all([
      source.blocked(claimed.deliveries.map((delivery) => delivery.email)),
      source.mailingsOf(claimed.deliveries, business),
    ]);
    const allowed = claimed.deliveries.flatMap((delivery): Message[] => {
      const reason = blocked.get(delivery.email);
      if (reason) {
        const error = { code: 'suppressed', message: `The address is on the suppression list: ${reason}` };
        recorder.add(delivery, { kind: 'suppressed', error, at: new Date() });
        return [];
      }
      const mailing = mailingOf(delivery);
      if ('frozen' in mailing) return [{ delivery, mailing }];
      recorder.add(delivery, { kind: 'failed', error: mailing, at: new Date() });
      return [];
    });
    return { allowed, deadline: claimed.deadline };
  } catch (error) {
    // Whether the claim was written is not known; that nobody was mailed is. Where MongoDB did not answer, it may still be at it.
    if (!(error instanceof mongoose.mongo.MongoServerError)) await sleep(CLAIM_LIMIT_MS);
    await persist('a claim that failed', () => giveBackAll(reservation.id));
    await settle(source, reservation, 0);
    throw error;
  }
}

async function settle({ business, isSandbox }: Source, { id }: quota.Reservation, used: number): Promise<void> {
  if (!isSandbox) await persist('a quota reservation', () => quota.settle(business, id, used));
}

/** Gives back what `end` lists so far, and takes it off the list. */
async function returnUnsent(source: Source, token: Types.ObjectId, end: CallsEnd): Promise<void> {
  const returned = end.returned.splice(0);
  if (returned.length === 0) return;
  const atOnce = returned.filter(({ how }) => !how.dueAt).map(({ id }) => id);
  if (atOnce.length > 0) await persist('deliveries given back', () => giveBack(token, atOnce));
  for (const { id, how } of returned) {
    if (how.dueAt) await persist('a delivery given back', () => giveBack(token, [id], how));
  }
  await persist('what was given back', () => source.cameBack());
}

async function react(batch: Batch, slots: limiter.Slots, end: CallsEnd): Promise<BatchEnd> {
  const { source, gateway } = batch;
  if (end.unclear > 0 || slots.isWatched) {
    const restMs = await breaker.report(gateway.account, end.unclear, end.clear);
    if (restMs > 0) return source.hold(unclearAnswers(restMs));
  }
  if (end.sent === 0 && end.rejected > 0 && (end.rejected >= REJECTIONS || (await source.refusesAll()))) {
    return source.stop('rejections', 'SES refuses one message after the other; see the failed recipients');
  }
  return end.stop ? obey(end.stop, batch) : { kind: 'more' };
}

async function obey(stop: Stop, batch: Batch): Promise<BatchEnd> {
  const { source, gateway } = batch;
  const { id } = source;
  logger().warn({ id, lane: source.lane, account: gateway.account, stop: stop.kind }, 'SES stops the batch');
  switch (stop.kind) {
    case 'throttled':
      await limiter.rest(gateway.account);
      return { kind: 'wait', ms: THROTTLED_MS };
    case 'day_exhausted':
      await limiter.exhaustDay(gateway.account);
      return source.hold(dayExhausted());
    case 'unreachable':
      return { kind: 'wait', ms: UNREACHABLE_MS };
    case 'pause':
      return stopFor(batch, stop.reason, stop.message);
  }
}

/** Stops; wrong credentials are also marked as such, so that no campaign begins with them. */
async function stopFor(
  { source, gateway }: Pick<Batch, 'source' | 'gateway'>,
  reason: PauseReason,
  message: string,
): Promise<BatchEnd> {
  if (reason === 'credentials') {
    const asked = { _id: source.business, 'sesConfiguration.accessKeyId': gateway.accessKeyId };
    const { matchedCount } = await BusinessModel.updateOne(asked, { $set: { 'sesConfiguration.verified': false } });
    // Others were connected meanwhile: what SES said is about the old ones.
    if (matchedCount === 0) return { kind: 'wait', ms: 0 };
  }
  return source.stop(reason, message);
}
