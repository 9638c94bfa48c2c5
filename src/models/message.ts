import { type InferRawDocTypeFromSchema, model, Schema, type Types } from 'mongoose';
import { frozenSchema } from './frozen.js';

/** `test`: a campaign as it would look, sent to its authors. */
export const MESSAGE_KINDS = ['test'] as const;

/** `done` when none of its deliveries is open. */
export const MESSAGE_STATUSES = ['open', 'done'] as const;

/** What goes to a few addresses outside any campaign, one delivery each, in the lane of its own. */
const schema = new Schema(
  {
    business: { type: Schema.Types.ObjectId, ref: 'Business', required: true },
    kind: { type: String, enum: MESSAGE_KINDS, required: true },
    /** The campaign a test shows. */
    campaign: { type: Schema.Types.ObjectId, ref: 'EmailCampaign' },
    frozen: { type: frozenSchema, required: true },
    status: { type: String, enum: MESSAGE_STATUSES, required: true, default: 'open' },
    /** What could not be sent by then fails. */
    expiresAt: { type: Date, required: true },
    createdBy: { type: Schema.Types.ObjectId, required: true },
  },
  { timestamps: true, strict: 'throw', versionKey: false },
);

schema.index({ business: 1, _id: -1 });
// The sweeper's: what is under way, or was until lately.
schema.index({ status: 1, updatedAt: 1 });

export type Message = InferRawDocTypeFromSchema<typeof schema> & { _id: Types.ObjectId };
export const MessageModel = model<Message>('Message', schema);
