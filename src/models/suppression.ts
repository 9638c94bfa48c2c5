import { type InferRawDocTypeFromSchema, model, Schema, type Types } from 'mongoose';

/** `unsubscribed` blocks bulk mail only; the others block every message. */
export const SUPPRESSION_REASONS = ['unsubscribed', 'bounced', 'complained', 'manual'] as const;
export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number];

/** One row an address and business, with each reason at most once: taking one back leaves the others. */
const schema = new Schema(
  {
    business: { type: Schema.Types.ObjectId, ref: 'Business', required: true },
    email: { type: String, required: true },
    reasons: {
      type: [
        new Schema(
          {
            reason: { type: String, enum: SUPPRESSION_REASONS, required: true },
            source: { type: String, required: true },
            at: { type: Date, required: true },
          },
          { _id: false },
        ),
      ],
      default: [],
    },
  },
  { timestamps: true, strict: 'throw' },
);

schema.index({ business: 1, email: 1 }, { unique: true });
// The list, newest first, and that of a reason.
schema.index({ business: 1, _id: -1 });
schema.index({ business: 1, 'reasons.reason': 1, _id: -1 });

export type Suppression = InferRawDocTypeFromSchema<typeof schema> & { _id: Types.ObjectId };
export const SuppressionModel = model<Suppression>('Suppression', schema);
