import { type InferRawDocTypeFromSchema, model, Schema, type Types } from 'mongoose';
import { ROLES, USER_PERMISSIONS } from '../permissions.js';
import { PLANS } from '../plans.js';

const schema = new Schema(
  {
    email: { type: String, required: true, lowercase: true, unique: true },
    /** A bcrypt hash. */
    password: { type: String, required: true },
    name: { type: String, required: true },
    business: {
      type: Schema.Types.ObjectId,
      ref: 'Business',
      required: function (this: { role?: string }): boolean {
        return this.role !== 'super_admin';
      },
    },
    role: { type: String, enum: ROLES, required: true, default: 'business_user' },
    permissions: { type: [{ type: String, enum: USER_PERMISSIONS }], default: [] },
    lastLogin: { type: Date },
    isActive: { type: Boolean, required: true, default: true },
    /** SHA-256 of the token, in hex. */
    resetPasswordToken: { type: String },
    resetPasswordExpires: { type: Date },
    /** Counted up to end every token of the user at once. */
    tokenVersion: { type: Number, required: true, default: 0 },
    /** Announces that this administrator is about to be none: see `services/last-admin.ts`, which alone writes it. */
    leaving: { type: Schema.Types.ObjectId },
    /**
     * The business this user is founding: there until the business is written. One insert makes a registration true;
     * whoever finds this afterwards completes it.
     */
    founding: {
      type: new Schema(
        {
          name: { type: String },
          domain: { type: String },
          /** Where an administrator of the hub founds it for somebody. */
          plan: { type: String, enum: PLANS },
          emailsPerMonth: { type: Number },
        },
        { _id: false },
      ),
    },
  },
  { timestamps: true, strict: 'throw' },
);

schema.index({ business: 1, _id: 1 });
schema.index({ resetPasswordToken: 1 }, { partialFilterExpression: { resetPasswordToken: { $exists: true } } });

export type User = InferRawDocTypeFromSchema<typeof schema> & { _id: Types.ObjectId };
export const UserModel = model<User>('User', schema);
