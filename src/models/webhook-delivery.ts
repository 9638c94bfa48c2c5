import { type InferRawDocTypeFromSchema, model, Schema, type Types } from 'mongoose';
import { ATTEMPT_CAUSES, type AttemptCause } from './webhook-attempt.js';

/** `failed`: given up after the last try. */
export const WEBHOOK_DELIVERY_STATUSES = ['pending', 'delivered', 'failed'] as const;

/**
 * One event for one endpoint: the queue, and what is remembered of it. Its id is made of the two (`webhooks/queue.ts`), so
 * that it is there once, however often it is put there.
 */
const schema = new Schema(
  {
    _id: { type: Schema.Types.ObjectId, required: true },
    business: { type: Schema.Types.ObjectId, ref: 'Business', required: true },
    endpoint: { type: Schema.Types.ObjectId, ref: 'WebhookEndpoint', required: true },
    event: { type: Schema.Types.ObjectId, required: true },
    status: { type: String, enum: WEBHOOK_DELIVERY_STATUSES, required: true },
    /** Why the next attempt is made. */
    cause: { type: String, enum: ATTEMPT_CAUSES, required: true },
    /** Attempts since it was queued. */
    attempts: { type: Number, required: true, default: 0 },
    /** Only of a pending one: when it is tried; of a claimed one, when another worker may take it. */
    dueAt: { type: Date },
    /** Names the claim of the worker that tries it. */
    claim: { type: String },
    /** The request that queued it anew (`Attempt.id`): it does so once. */
    requeuedBy: { type: Schema.Types.ObjectId },
    queuedAt: { type: Date, required: true },
    deliveredAt: { type: Date },
    expiresAt: { type: Date, required: true },
  },
  { strict: 'throw', versionKey: false },
);

// What is due, endpoint by endpoint, and which endpoints have something.
schema.index({ status: 1, endpoint: 1, dueAt: 1 }, { partialFilterExpression: { status: 'pending' } });
// All of an endpoint's, when that is deleted.
schema.index({ endpoint: 1 });
schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

export type WebhookDelivery = Omit<InferRawDocTypeFromSchema<typeof schema>, 'cause'> & {
  _id: Types.ObjectId;
  cause: AttemptCause;
};
export const WebhookDeliveryModel = model<WebhookDelivery>('WebhookDelivery', schema);
