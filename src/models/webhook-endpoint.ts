import { type InferRawDocTypeFromSchema, model, Schema, type Types } from 'mongoose';
import type { Sealed } from '../secrets.js';
import { EVENT_TYPES, type EventType } from './event.js';

/** What a test event is called: it is in no log, and nobody subscribes to it. */
export const TEST_TYPE = 'webhook.test';

/** Why the hub has switched an endpoint off: it answered 410, or it has failed for five days. */
export const DISABLED_REASONS = ['gone', 'failing'] as const;

/** Endpoints of a business: each has a place of its own, and there are so many. */
export const MAX_ENDPOINTS = 20;

const part = { _id: false } as const;

/** A replay of the log, page by page; `cursor` is the last event that was queued. */
const replay = new Schema(
  {
    /** The request that asked for it (`Attempt.id`). */
    id: { type: Schema.Types.ObjectId, required: true },
    from: { type: Date, required: true },
    to: { type: Date, required: true },
    types: { type: [{ type: String, enum: EVENT_TYPES }], required: true },
    cursor: { type: new Schema({ at: { type: Date }, id: { type: Schema.Types.ObjectId } }, part) },
    queued: { type: Number, required: true, default: 0 },
    /** Only while it runs. */
    isRunning: { type: Boolean },
    startedAt: { type: Date, required: true },
    finishedAt: { type: Date },
  },
  part,
);

/** Where a business wants its events posted to. */
const schema = new Schema(
  {
    business: { type: Schema.Types.ObjectId, ref: 'Business', required: true },
    /** Which of the business's places it has: a unique index of these keeps the limit. */
    place: { type: Number, required: true, min: 0, max: MAX_ENDPOINTS - 1 },
    name: { type: String, required: true },
    description: { type: String },
    url: { type: String, required: true },
    /** Empty: all, also those that are to come. */
    types: { type: [{ type: String, enum: EVENT_TYPES }], required: true, default: [] },
    isActive: { type: Boolean, required: true, default: true },
    /** A `Sealed` in the context `<id>:webhook`: the secrets that sign, the present one first (`webhooks/secrets.ts`). */
    secrets: { type: Schema.Types.Mixed as unknown as { new (): Sealed }, required: true },
    /** The attempt that put the present secret in the place of the one before. */
    rotation: { type: Schema.Types.ObjectId },
    disabled: {
      type: new Schema(
        {
          reason: { type: String, enum: DISABLED_REASONS, required: true },
          at: { type: Date, required: true },
          /** Its business's admins are still to be told. */
          isUntold: { type: Boolean },
        },
        part,
      ),
    },
    /** The first failure since the last success. */
    failingSince: { type: Date },
    /** To the minute. */
    lastSuccessAt: { type: Date },
    lastFailureAt: { type: Date },
    lastFailure: { type: String },
    replay: { type: replay },
  },
  { timestamps: true, strict: 'throw', versionKey: false },
);

schema.index({ business: 1, place: 1 }, { unique: true });
schema.index({ business: 1, name: 1 }, { unique: true });
schema.index({ 'replay.isRunning': 1 }, { partialFilterExpression: { 'replay.isRunning': true } });
schema.index({ 'disabled.isUntold': 1 }, { partialFilterExpression: { 'disabled.isUntold': true } });

export type WebhookEndpoint = Omit<InferRawDocTypeFromSchema<typeof schema>, 'types'> & {
  _id: Types.ObjectId;
  types: EventType[];
};
export const WebhookEndpointModel = model<WebhookEndpoint>('WebhookEndpoint', schema);
