import { type InferRawDocTypeFromSchema, model, Schema, type Types } from 'mongoose';
import type { Sealed } from '../secrets.js';

/**
 * A request with an Idempotency-Key: the lock while it runs, and its reply for a day after. Its `_id` is the attempt's (see
 * `attempt.ts`): what a first try created is found by it.
 */
const schema = new Schema(
  {
    /** Null on the platform's own routes. */
    business: { type: Schema.Types.ObjectId, ref: 'Business' },
    /** `user:<id>` or `key:<id>`: keys of two callers never meet. */
    principal: { type: String, required: true },
    /** `POST /api/campaigns/665f…/send`. */
    route: { type: String, required: true },
    key: { type: String, required: true },
    /** Of method, path, query and body, under ENCRYPTION_KEY: a password may stand in them. */
    fingerprint: { type: String, required: true },
    /** How often it was begun. */
    attempts: { type: Number, required: true },
    /** Who works on it, until when unless he renews it. */
    token: { type: Schema.Types.ObjectId, required: true },
    until: { type: Date, required: true },
    /** There once it is done. */
    status: { type: Number },
    /** The body as it was sent, a `Sealed` in the context `<id>:reply`: an API key may stand in it. */
    reply: { type: Schema.Types.Mixed as unknown as { new (): Sealed } },
    expiresAt: { type: Date, required: true },
  },
  { strict: 'throw', versionKey: false },
);

schema.index({ business: 1, principal: 1, route: 1, key: 1 }, { unique: true });
schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

export type IdempotencyKey = InferRawDocTypeFromSchema<typeof schema> & { _id: Types.ObjectId };
export const IdempotencyKeyModel = model<IdempotencyKey>('IdempotencyKey', schema);
