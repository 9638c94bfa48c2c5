import { type InferRawDocTypeFromSchema, model, Schema, type Types } from 'mongoose';

/** Whose a proven domain is, over all businesses. Only `sending/domains/claims.ts` writes it. */
const schema = new Schema(
  {
    /** The domain. */
    _id: { type: String, required: true },
    business: { type: Schema.Types.ObjectId, ref: 'Business', required: true },
    /** The domain and those above it, down to two labels. */
    within: { type: [String], required: true },
    /** Names one attempt to claim it; whoever acts on a claim acts on this attempt alone. */
    token: { type: Schema.Types.ObjectId, required: true },
    /** Until it is held, it may be lost to another. */
    isHeld: { type: Boolean, required: true },
    /** When the attempt began, by the database's clock. */
    at: { type: Date, required: true },
  },
  { strict: 'throw', versionKey: false },
);

// Who has claimed something below a domain.
schema.index({ within: 1 });

export type DomainClaim = InferRawDocTypeFromSchema<typeof schema> & {
  business: Types.ObjectId;
  token: Types.ObjectId;
};
export const DomainClaimModel = model<DomainClaim>('DomainClaim', schema);
