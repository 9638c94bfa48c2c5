import { type InferRawDocTypeFromSchema, model, Schema, type Types } from 'mongoose';
import type { Sealed } from '../secrets.js';

export const SYSTEM_MAIL_STATUSES = ['waiting', 'sent', 'failed'] as const;

/** How long it is kept after it has no more use. */
const KEPT_SECONDS = 7 * 86_400;

/** A message of the hub itself to somebody who has an account, or is to have one. Its worker's round sends it. */
const schema = new Schema(
  {
    to: { type: String, required: true },
    /** Subject and text as a `Sealed`, in the context `<id>:system-mail`: links in it let people in. Gone once it is sent. */
    content: { type: Schema.Types.Mixed as unknown as { new (): Sealed } },
    /**
     * The hash of the reset token in it: it goes out only while a user has it. So asking for a reset is the same work for an
     * address that nobody has.
     */
    resetToken: { type: String },
    status: { type: String, enum: SYSTEM_MAIL_STATUSES, required: true, default: 'waiting' },
    /** Counted with each claim, by which the claim is known. */
    attempts: { type: Number, required: true, default: 0 },
    /** Of a claimed one, when another worker may take it. */
    dueAt: { type: Date, required: true, default: () => new Date() },
    sentAt: { type: Date },
    /** What could not be sent by then has no more use. */
    expiresAt: { type: Date, required: true },
    error: { type: String },
  },
  { timestamps: true, strict: 'throw', versionKey: false },
);

schema.index({ status: 1, dueAt: 1 });
schema.index({ expiresAt: 1 }, { expireAfterSeconds: KEPT_SECONDS });

export type SystemMail = InferRawDocTypeFromSchema<typeof schema> & { _id: Types.ObjectId };
export const SystemMailModel = model<SystemMail>('SystemMail', schema);
