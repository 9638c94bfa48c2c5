import { createHash } from 'node:crypto';
import { Types } from 'mongoose';
import { type Delivery, DeliveryModel } from '../models/delivery.js';
import type { Event } from '../models/event.js';
import type { Outcome } from './batch/outcome.js';
import { log } from './log.js';
import { REJECTED } from './states.js';

/** What of a delivery its events name. */
export type Subject = Pick<Delivery, '_id' | 'business' | 'campaign' | 'message' | 'email' | 'isTest'>;

/** The fields by which an event names its delivery. */
export function subjectOf({ _id, business, campaign, message, email, isTest }: Subject) {
  return {
    business,
    delivery: _id,
    email,
    ...(campaign ? { campaign } : {}),
    ...(message ? { message } : {}),
    ...(isTest ? { isTest } : {}),
  };
}

/**
 * The id of what an attempt came to, which follows from the attempt: whoever tells it, the batch, the sweeper for a worker
 * that died, or SES, tells it once.
 */
export function idOfOutcome(delivery: Types.ObjectId, attempt: number, type: 'email.sent' | 'email.failed') {
  const about = `${delivery.toHexString()} ${attempt} ${type}`;
  return new Types.ObjectId(createHash('sha256').update(about).digest().subarray(0, 12));
}

type Told = Omit<Event, 'expiresAt'>;

/** What is told of an attempt's outcome; of the suppressed of a campaign nothing, for they are part of its plan. */
export function eventOf(delivery: Subject & Pick<Delivery, 'attempts'>, outcome: Outcome): Told | undefined {
  const told = (type: 'email.sent' | 'email.failed', data: Record<string, unknown>): Told => ({
    _id: idOfOutcome(delivery._id, delivery.attempts, type),
    type,
    at: outcome.at,
    ...subjectOf(delivery),
    data,
  });
  switch (outcome.kind) {
    case 'sent':
      return told('email.sent', { messageId: outcome.messageId });
    case 'suppressed':
      return delivery.message ? told('email.failed', asData(outcome.error)) : undefined;
    case 'failed':
      return told('email.failed', asData(outcome.error));
    case 'unconfirmed':
      return undefined;
  }
}

const asData = ({ code, message }: { code: string; message: string }) => ({ code, reason: message });

/** Rows of a claim at most; a batch is far smaller. */
const MANY = 1_000;

/**
 * Tells from the ledger what came of a claim whose worker may have died between the outcomes and their events. What was told
 * before is not told again.
 */
export async function tellOf(token: Types.ObjectId): Promise<void> {
  const rows = await DeliveryModel.find({ 'claim.token': token }).limit(MANY).lean<Delivery[]>();
  await log(
    rows.flatMap((delivery) => {
      // The attempt of what was suppressed was taken off again.
      const attempts = delivery.attempts + (delivery.status === 'suppressed' ? 1 : 0);
      return eventOf({ ...delivery, attempts }, outcomeIn(delivery)) ?? [];
    }),
  );
}

function outcomeIn(delivery: Delivery): Outcome {
  const { status, sentAt, failedAt, messageId, createdAt } = delivery;
  const error = { code: delivery.error?.code ?? 'unknown', message: delivery.error?.message ?? '' };
  // Before the time of sending: that may be an earlier attempt's.
  if (status === 'suppressed') return { kind: 'suppressed', at: failedAt ?? createdAt, error };
  // What SES took first and rejected then is told by SES's own event.
  if (status === 'failed' && error.code !== REJECTED) return { kind: 'failed', at: failedAt ?? createdAt, error };
  if (sentAt && status !== 'unconfirmed') return { kind: 'sent', at: sentAt, messageId: messageId ?? '' };
  return { kind: 'unconfirmed', at: createdAt, error };
}
