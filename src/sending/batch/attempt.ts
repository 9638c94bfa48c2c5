import { logger } from '../../logger.js';
import type { Delivery } from '../../models/delivery.js';
import type { PauseReason } from '../../models/email-campaign.js';
import { classify } from '../../ses/errors.js';
import type { Gateway } from '../../ses/gateway.js';
import { RenderError } from '../../templates/render.js';
import type { GiveBack } from './claim.js';
import { messageFor } from './content.js';
import type { Outcome } from './outcome.js';
import type { Mailing } from './source.js';

/** So many attempts that SES surely did not take; then the delivery fails with the reason of the last. */
const MAX_ATTEMPTS = 8;

const BACKOFF_MS = 5_000;
const MAX_BACKOFF_MS = 600_000;

/** Why no further call of this batch should begin. */
export type Stop =
  | { kind: 'throttled' }
  | { kind: 'day_exhausted' }
  | { kind: 'unreachable' }
  | { kind: 'pause'; reason: PauseReason; message: string; code: string };

/** Whether SES said what it did with the message; `none`: it was not asked, or not reached. */
export type Answer = 'clear' | 'unclear' | 'none';

/** One call's end: an outcome to record, or a delivery to give back because SES surely did not take it. */
export type Attempt = { answer: Answer } & ({ outcome: Outcome; stop?: undefined } | { how: GiveBack; stop: Stop });

/** Makes the message, calls SES once and says how it ended. Never throws. */
export async function attempt(gateway: Gateway, mailing: Mailing, delivery: Delivery): Promise<Attempt> {
  const id = delivery._id;
  let raw: Buffer;
  try {
    raw = messageFor(mailing, delivery);
  } catch (error) {
    const isAuthors = error instanceof RenderError;
    if (!isAuthors) logger().error({ err: error, deliveryId: id }, 'a message could not be made');
    const message = isAuthors ? error.message : 'The message could not be made';
    return {
      answer: 'none',
      outcome: { kind: 'failed', error: { code: 'render_failed', message }, at: new Date() },
    };
  }
  // Before SES's own events, which may be faster than its answer.
  const at = new Date();
  try {
    const messageId = await gateway.send({
      raw,
      from: mailing.frozen.fromEmail,
      to: delivery.email,
      tags: { ...mailing.tags, pmh_delivery: id.toHexString(), pmh_attempt: String(delivery.attempts) },
    });
    return { answer: 'clear', outcome: { kind: 'sent', messageId, at } };
  } catch (error) {
    return readFailure(error, delivery);
  }
}

function readFailure(error: unknown, delivery: Delivery): Attempt {
  const failure = classify(error);
  switch (failure.kind) {
    case 'throttled':
    case 'day_exhausted':
      return { answer: 'clear', how: {}, stop: failure };
    case 'account':
    case 'credentials': {
      const message = `${failure.code}: ${failure.message}`;
      const stop = { kind: 'pause' as const, reason: failure.kind, message, code: failure.code };
      return { answer: 'clear', how: {}, stop };
    }
    case 'unreachable': {
      const reason = { code: failure.code, message: failure.message };
      const attempts = delivery.attempts - (delivery.attemptsBefore ?? 0);
      if (attempts >= MAX_ATTEMPTS) {
        return { answer: 'none', outcome: { kind: 'failed', error: reason, at: new Date() } };
      }
      const how = { keepAttempt: true, dueAt: new Date(Date.now() + backoffMs(attempts)), error: reason };
      return { answer: 'none', how, stop: { kind: 'unreachable' } };
    }
    case 'rejected':
    case 'unclear': {
      const error = { code: failure.code, message: failure.message };
      const at = new Date();
      if (failure.kind === 'unclear') return { answer: 'unclear', outcome: { kind: 'unconfirmed', error, at } };
      return { answer: 'clear', outcome: { kind: 'failed', error, at } };
    }
  }
}

/** Doubles with each attempt; the second half of it is chance, so that a batch does not come back as one. */
function backoffMs(attempts: number): number {
  const full = Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** (attempts - 1));
  return full / 2 + (Math.random() * full) / 2;
}
