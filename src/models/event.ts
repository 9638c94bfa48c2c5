import { type InferRawDocTypeFromSchema, model, Schema, type Types } from 'mongoose';

/** What is told of a business's mail, in the log and to its webhooks. */
export const EVENT_TYPES = [
  'email.sent',
  'email.delivered',
  'email.opened',
  'email.clicked',
  'email.bounced',
  'email.complained',
  'email.unsubscribed',
  'email.failed',
  'campaign.started',
  'campaign.paused',
  'campaign.cancelled',
  'campaign.completed',
  'quota.warning',
  'quota.exceeded',
  'domain.verified',
  'domain.failed',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/**
 * An event that is still to be put into the log. It is written into the document it is about by the very update that
 * made it true, so that neither can be without the other; `sending/upkeep/outbox.ts` takes it from there.
 */
export const outboxSchema = new Schema({
  _id: { type: Schema.Types.ObjectId, required: true },
  type: { type: String, enum: EVENT_TYPES, required: true },
  at: { type: Date, required: true },
  data: { type: Schema.Types.Mixed as unknown as { new (): Record<string, unknown> } },
});

export type OutboxEvent = InferRawDocTypeFromSchema<typeof outboxSchema> & { _id: Types.ObjectId };

/** The log of a business: append-only, each event once, gone when it expires. */
const schema = new Schema(
  {
    /** Made with the event, before it is written anywhere: whoever writes it again meets a duplicate key. */
    _id: { type: Schema.Types.ObjectId, required: true },
    business: { type: Schema.Types.ObjectId, ref: 'Business', required: true },
    type: { type: String, enum: EVENT_TYPES, required: true },
    at: { type: Date, required: true },
    campaign: { type: Schema.Types.ObjectId, ref: 'EmailCampaign' },
    /** The single message that it is about. */
    message: { type: Schema.Types.ObjectId, ref: 'Message' },
    /** Of a test key's mail: nothing of it went out. */
    isTest: { type: Boolean },
    /** The delivery that it is about, and its address. */
    delivery: { type: Schema.Types.ObjectId, ref: 'Delivery' },
    email: { type: String },
    /** What the type has to tell; absent where that is nothing. */
    data: { type: Schema.Types.Mixed as unknown as { new (): Record<string, unknown> } },
    /** Some webhook is still to get it: a worker queues it for each, and takes the mark off (`webhooks/fan-out.ts`). */
    fanOut: { type: Boolean },
    expiresAt: { type: Date, required: true },
  },
  { strict: 'throw', versionKey: false },
);

// The log as it is read, each filter in the order of its pages. Those of a campaign are read type by type and merged, so
// that the few bounces of a large one are found as fast as all its events.
export const LOG_INDEXES = {
  all: { business: 1, at: -1, _id: -1 },
  type: { business: 1, type: 1, at: -1, _id: -1 },
  email: { business: 1, email: 1, at: -1, _id: -1 },
  campaign: { campaign: 1, type: 1, at: -1, _id: -1 },
  delivery: { delivery: 1, at: -1, _id: -1 },
} as const;

/** What is to be fanned out, business by business. */
export const FAN_OUT_INDEX = { fanOut: 1, business: 1 } as const;

schema.index(LOG_INDEXES.all);
schema.index(LOG_INDEXES.type);
schema.index(LOG_INDEXES.email, { partialFilterExpression: { email: { $exists: true } } });
schema.index(LOG_INDEXES.campaign, { partialFilterExpression: { campaign: { $exists: true } } });
schema.index(LOG_INDEXES.delivery, { partialFilterExpression: { delivery: { $exists: true } } });
schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
schema.index(FAN_OUT_INDEX, { partialFilterExpression: { fanOut: true } });

export type Event = InferRawDocTypeFromSchema<typeof schema> & { _id: Types.ObjectId };
export const EventModel = model<Event>('Event', schema);
