import { type InferRawDocTypeFromSchema, model, Schema, type Types } from 'mongoose';

/** What became of a notification: it moved a delivery, told nothing of use, found no delivery, or could not be applied. */
export const NOTIFICATION_RESULTS = ['applied', 'ignored', 'no_delivery', 'failed'] as const;
export type NotificationResult = (typeof NOTIFICATION_RESULTS)[number];

/**
 * What SNS has told a business's inbound URL: accepted, and applied by a worker afterwards. The collection is the queue, so
 * nothing that was answered with 200 depends on Redis; and it is what makes a replay harmless.
 */
const schema = new Schema(
  {
    business: { type: Schema.Types.ObjectId, ref: 'Business', required: true },
    /** SNS's, the same for every delivery of the same message. */
    messageId: { type: String, required: true },
    /**
     * SES's event as it came, JSON. Gone when it is applied: it holds addresses and subjects. What failed keeps it: with a
     * `dueAt` it is tried again.
     */
    event: { type: String },
    /** Of a test key's mail: the hub tells it to itself. */
    isTest: { type: Boolean },
    receivedAt: { type: Date, required: true },
    /** While it waits: when it is looked at next. */
    dueAt: { type: Date },
    tries: { type: Number, required: true, default: 0 },
    result: { type: String, enum: NOTIFICATION_RESULTS },
    /** Why, where that is not plain. */
    note: { type: String },
    /** Set when it is processed: what still waits never expires, however long no worker runs. */
    expiresAt: { type: Date },
  },
  { strict: 'throw', versionKey: false },
);

schema.index({ business: 1, messageId: 1 }, { unique: true });
// The worker's: what waits.
schema.index({ dueAt: 1 }, { partialFilterExpression: { dueAt: { $exists: true } } });
schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

export type Notification = InferRawDocTypeFromSchema<typeof schema> & { _id: Types.ObjectId };
export const NotificationModel = model<Notification>('Notification', schema);
