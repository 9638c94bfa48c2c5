import { type InferRawDocTypeFromSchema, model, Schema, type Types } from 'mongoose';

/**
 * What became of the messages that a business sent within a day, as counted in the ledger at `asOf`. A year of a large business
 * is not read whenever somebody looks at it.
 */
const schema = new Schema(
  {
    business: { type: Schema.Types.ObjectId, ref: 'Business', required: true },
    /** The day's midnights: its name would mean other hours in another timezone. */
    from: { type: Date, required: true },
    to: { type: Date, required: true },
    asOf: { type: Date, required: true },
    /** What the counting took, in ms. */
    tookMs: { type: Number, required: true },
    stats: { type: Schema.Types.Mixed as unknown as { new (): Record<string, number> }, required: true },
  },
  { strict: 'throw', versionKey: false },
);

schema.index({ business: 1, from: 1, to: 1 }, { unique: true });

export type SendingDay = InferRawDocTypeFromSchema<typeof schema> & { _id: Types.ObjectId };
export const SendingDayModel = model<SendingDay>('SendingDay', schema);
