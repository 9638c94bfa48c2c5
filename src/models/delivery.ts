import { type InferRawDocTypeFromSchema, model, Schema, type Types } from 'mongoose';

/** Where a delivery is now. `sending/states.ts` says which moves there are. */
export const DELIVERY_STATUSES = [
  'pending',
  'sending',
  'sent',
  'delivered',
  'failed',
  'suppressed',
  'bounced',
  'complained',
  'unconfirmed',
  'cancelled',
] as const;

export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** `dueAt` of what may be claimed at once: not "now", for the clocks of machines differ. */
export const AT_ONCE = new Date(0);

/** Deliveries are spread over so many buckets, so that workers do not all claim at the head of one index. */
export const BUCKETS = 32;

/** The ledger: one message to one address. */
const schema = new Schema(
  {
    business: { type: Schema.Types.ObjectId, ref: 'Business', required: true },
    campaign: { type: Schema.Types.ObjectId, ref: 'EmailCampaign' },
    email: { type: String, required: true },
    name: { type: String },
    variables: { type: Schema.Types.Mixed },
    status: { type: String, enum: DELIVERY_STATUSES, required: true, default: 'pending' },
    bucket: { type: Number, required: true },
    /** A pending delivery is not claimed before this time. */
    dueAt: { type: Date, required: true },
    /** The attempt that holds or held it: `token` stays after the outcome and names the quota reservation it used. */
    claim: {
      type: new Schema({ token: { type: Schema.Types.ObjectId }, until: { type: Date } }, { _id: false }),
    },
    attempts: { type: Number, required: true, default: 0 },
    /** SES's id of the message, without which an event could not be told apart. */
    messageId: { type: String },
    error: { type: new Schema({ code: { type: String }, message: { type: String } }, { _id: false }) },
    sentAt: { type: Date },
    failedAt: { type: Date },
    unsubscribedAt: { type: Date },
    createdAt: { type: Date, required: true },
  },
  { strict: 'throw', versionKey: false },
);

// One row an address in a campaign: what makes a second import, or a second copy of a line, harmless.
schema.index({ campaign: 1, email: 1 }, { unique: true, partialFilterExpression: { campaign: { $type: 'objectId' } } });
// What a claim looks for, what is still open, and the pages of a status.
schema.index({ campaign: 1, status: 1, bucket: 1, dueAt: 1, _id: 1 });
// What an attempt took, read back after a lost race and when its reservation is settled.
schema.index({ 'claim.token': 1 }, { partialFilterExpression: { 'claim.token': { $exists: true } } });
// The sweeper's: claims whose lease has run out.
schema.index({ 'claim.until': 1 }, { partialFilterExpression: { status: 'sending' } });

export type Delivery = InferRawDocTypeFromSchema<typeof schema> & { _id: Types.ObjectId };
export const DeliveryModel = model<Delivery>('Delivery', schema);
