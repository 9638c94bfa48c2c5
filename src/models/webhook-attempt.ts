import { type InferRawDocTypeFromSchema, model, Schema, type Types } from 'mongoose';

export const ATTEMPT_STATUSES = ['succeeded', 'failed'] as const;

/** Why it was made: an event, its next try, a person's wish, a replay of the log, a test. */
export const ATTEMPT_CAUSES = ['event', 'retry', 'redelivery', 'replay', 'test'] as const;
export type AttemptCause = (typeof ATTEMPT_CAUSES)[number];

/** What an attempt failed by, where there was no answer that tells it. */
export const ATTEMPT_ERRORS = [
  'status',
  'timeout',
  'dns',
  'refused_address',
  'connection',
  'tls',
  'unreadable_secret',
] as const;
export type AttemptError = (typeof ATTEMPT_ERRORS)[number];

/** How long they are kept. */
export const ATTEMPTS_KEPT_SECONDS = 30 * 86_400;

/** One call of an endpoint, and what became of it. */
const schema = new Schema(
  {
    business: { type: Schema.Types.ObjectId, ref: 'Business', required: true },
    endpoint: { type: Schema.Types.ObjectId, ref: 'WebhookEndpoint', required: true },
    /** The event's id, which is the message's `webhook-id`. */
    event: { type: Schema.Types.ObjectId, required: true },
    type: { type: String, required: true },
    url: { type: String, required: true },
    cause: { type: String, enum: ATTEMPT_CAUSES, required: true },
    /** Which try it was since the event was queued, from 1. */
    number: { type: Number, required: true },
    status: { type: String, enum: ATTEMPT_STATUSES, required: true },
    at: { type: Date, required: true },
    durationMs: { type: Number, required: true },
    /** What it answered. */
    httpStatus: { type: Number },
    /** The beginning of the answer's body. */
    body: { type: String },
    error: { type: String, enum: ATTEMPT_ERRORS },
    message: { type: String },
    /** When the event is tried again; absent where it is not. */
    nextAt: { type: Date },
  },
  { strict: 'throw', versionKey: false },
);

schema.index({ endpoint: 1, _id: -1 });
schema.index({ endpoint: 1, status: 1, _id: -1 });
schema.index({ endpoint: 1, event: 1, _id: -1 });
schema.index({ at: 1 }, { expireAfterSeconds: ATTEMPTS_KEPT_SECONDS });

export type WebhookAttempt = InferRawDocTypeFromSchema<typeof schema> & { _id: Types.ObjectId };
export const WebhookAttemptModel = model<WebhookAttempt>('WebhookAttempt', schema);
