import type { Types } from 'mongoose';
import { logger } from '../../logger.js';
import type { Delivery } from '../../models/delivery.js';
import type { EmailCampaign, PauseReason } from '../../models/email-campaign.js';
import { classify } from '../../ses/errors.js';
import type { Gateway } from '../../ses/gateway.js';
import { RenderError } from '../../templates/render.js';
import type { GiveBack } from './claim.js';
import { messageFor } from './content.js';
import type { Outcome } from './outcome.js';

/** So many attempts that SES surely did not take; then the delivery fails with the reason of the last. */
const MAX_ATTEMPTS = 8;
/** The error of a message that its template and variables could not make. */
export const RENDER_FAILED = 'render_failed';

const BACKOFF_MS = 5_000;
const MAX_BACKOFF_MS = 600_000;

/** Why no further call of this batch should begin. */
export type Stop =
  | { kind: 'throttled' }
  | { kind: 'day_exhausted' }
  | { kind: 'unreachable' }
  | { kind: 'pause'; reason: PauseReason; message: string };

/** One call's end: an outcome to record, or a delivery to give back because SES surely did not take it. */
export type Attempt = { outcome: Outcome; stop?: undefined } | { returned: Types.ObjectId; how: GiveBack; stop?: Stop };

/** Makes the message, calls SES once and says how it ended. Never throws. */
export async function attempt(gateway: Gateway, campaign: EmailCampaign, delivery: Delivery): Promise<Attempt> {
  const id = delivery._id;
  let raw: Buffer;
  try {
    raw = messageFor(campaign, delivery);
  } catch (error) {
    const isAuthors = error instanceof RenderError;
    if (!isAuthors) logger().error({ err: error, deliveryId: id }, 'a message could not be made');
    const message = isAuthors ? error.message : 'The message could not be made';
    return { outcome: { kind: 'failed', id, error: { code: RENDER_FAILED, message }, at: new Date() } };
  }
  try {
    const messageId = await gateway.send({
      raw,
      from: campaign.frozen?.fromEmail ?? '',
      to: delivery.email,
      tags: {
        pmh_delivery: id.toHexString(),
        pmh_attempt: String(delivery.attempts),
        pmh_campaign: campaign._id.toHexString(),
      },
    });
    return { outcome: { kind: 'sent', id, messageId, at: new Date() } };
  } catch (error) {
    return readFailure(error, delivery);
  }
}

function readFailure(error: unknown, delivery: Delivery): Attempt {
  const id = delivery._id;
  const failure = classify(error);
  switch (failure.kind) {
    case 'throttled':
    case 'day_exhausted':
      return { returned: id, how: {}, stop: failure };
    case 'account':
    case 'credentials': {
      const message = `${failure.code}: ${failure.message}`;
      return { returned: id, how: {}, stop: { kind: 'pause', reason: failure.kind, message } };
    }
    case 'unreachable': {
      const reason = { code: failure.code, message: failure.message };
      if (delivery.attempts >= MAX_ATTEMPTS) return { outcome: { kind: 'failed', id, error: reason, at: new Date() } };
      const how = { keepAttempt: true, dueAt: new Date(Date.now() + backoffMs(delivery.attempts)), error: reason };
      return { returned: id, how, stop: { kind: 'unreachable' } };
    }
    case 'rejected':
    case 'unclear': {
      const reason = { code: failure.code, message: failure.message };
      if (failure.kind === 'unclear') return { outcome: { kind: 'unconfirmed', id, error: reason } };
      return { outcome: { kind: 'failed', id, error: reason, at: new Date() } };
    }
  }
}

/** Doubles with each attempt; the second half of it is chance, so that a batch does not come back as one. */
function backoffMs(attempts: number): number {
  const full = Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** (attempts - 1));
  return full / 2 + (Math.random() * full) / 2;
}
