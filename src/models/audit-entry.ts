import { type InferRawDocTypeFromSchema, model, Schema, type Types } from 'mongoose';

/** `begun`: its process died before it knew how it ended. */
export const AUDIT_OUTCOMES = ['begun', 'done', 'refused'] as const;

/** What an administrator of the hub did, or somebody in his place. Append-only. */
const schema = new Schema(
  {
    actor: { type: Schema.Types.ObjectId, ref: 'User', required: true },
    /** As it was then: people are renamed and removed. */
    actorEmail: { type: String, required: true },
    /** What was done, `noun.verb`: `business.update`, `sending.pause`, `tenant.POST /api/campaigns/:id/send`. */
    action: { type: String, required: true },
    business: { type: Schema.Types.ObjectId, ref: 'Business' },
    /** What the action has to tell, without any secret. */
    detail: { type: Schema.Types.Mixed as unknown as { new (): Record<string, unknown> } },
    requestId: { type: String },
    outcome: { type: String, enum: AUDIT_OUTCOMES, required: true, default: 'begun' },
  },
  { timestamps: true, strict: 'throw', versionKey: false },
);

schema.index({ business: 1, _id: -1 });
schema.index({ actor: 1, _id: -1 });
schema.index({ action: 1, _id: -1 });

export type AuditEntry = InferRawDocTypeFromSchema<typeof schema> & { _id: Types.ObjectId };
export const AuditEntryModel = model<AuditEntry>('AuditEntry', schema);
