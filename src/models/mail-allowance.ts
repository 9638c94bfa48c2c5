import { type InferRawDocTypeFromSchema, model, Schema } from 'mongoose';

/** When the hub itself last wrote at somebody's wish, to an address or on behalf of a business. */
const schema = new Schema(
  {
    /** The address, or `business:<id>`. */
    _id: { type: String, required: true },
    /** The latest first; no more of them than count. */
    times: { type: [Date], required: true },
    /** When nothing in it counts any more. */
    expiresAt: { type: Date, required: true },
  },
  { strict: 'throw', versionKey: false },
);

schema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

export type MailAllowance = InferRawDocTypeFromSchema<typeof schema>;
export const MailAllowanceModel = model<MailAllowance>('MailAllowance', schema);
