import { type InferRawDocTypeFromSchema, model, Schema, type Types } from 'mongoose';

/**
 * How an act ended. `begun`: its process died before that was written, and it may have been done; `refused`: nothing was
 * done; `failed`: an error of the hub's own, and a part of it may have been done.
 */
export const AUDIT_OUTCOMES = ['begun', 'done', 'refused', 'failed'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** What an administrator of the hub did, or somebody in his place. Only ever added to, but for the outcome. */
const schema = new Schema(
  {
    /** Absent for what was done on the machine itself, by a command. */
    actor: { type: Schema.Types.ObjectId, ref: 'User' },
    /** As it was then: people are renamed and removed. Of a command, its name. */
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

/** The ways through the log, newest first. */
export const AUDIT_INDEXES = {
  all: { _id: 1 },
  business: { business: 1, _id: -1 },
  actor: { actor: 1, _id: -1 },
  action: { action: 1, _id: -1 },
} as const;

schema.index(AUDIT_INDEXES.business);
schema.index(AUDIT_INDEXES.actor);
schema.index(AUDIT_INDEXES.action);

export type AuditEntry = InferRawDocTypeFromSchema<typeof schema> & { _id: Types.ObjectId };
export const AuditEntryModel = model<AuditEntry>('AuditEntry', schema);
