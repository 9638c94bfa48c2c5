import { type InferRawDocTypeFromSchema, model, Schema, type Types } from 'mongoose';
import { USER_PERMISSIONS } from '../permissions.js';

/** What an inviter can make of somebody; super_admins are made on the server. */
export const TENANT_ROLES = ['business_admin', 'business_user'] as const;

/** How long a row is kept once its link has ended. */
const KEPT_SECONDS = 30 * 86_400;

/** Somebody may become a user of the business. One row an address: to invite again replaces what was. */
const schema = new Schema(
  {
    business: { type: Schema.Types.ObjectId, ref: 'Business', required: true },
    email: { type: String, required: true },
    name: { type: String },
    role: { type: String, enum: TENANT_ROLES, required: true },
    permissions: { type: [{ type: String, enum: USER_PERMISSIONS }], required: true },
    /** SHA-256 of the link's token in hex: 256 random bits need no salt and no slow hash. */
    tokenHash: { type: String, required: true, unique: true },
    invitedBy: { type: Schema.Types.ObjectId, ref: 'User', required: true },
    expiresAt: { type: Date, required: true },
    /** The user himself is the truth of it: this follows his insert. */
    acceptedAt: { type: Date },
  },
  { timestamps: true, strict: 'throw', versionKey: false },
);

schema.index({ business: 1, email: 1 }, { unique: true });
schema.index({ business: 1, _id: 1 });
schema.index({ expiresAt: 1 }, { expireAfterSeconds: KEPT_SECONDS });

export type Invitation = InferRawDocTypeFromSchema<typeof schema> & { _id: Types.ObjectId };
export const InvitationModel = model<Invitation>('Invitation', schema);
