import { type InferRawDocTypeFromSchema, model, Schema, type Types } from 'mongoose';
import { variableSchema } from './email-template.js';

export const CAMPAIGN_STATUSES = ['draft', 'scheduled', 'sending', 'paused', 'sent', 'cancelled'] as const;
export type CampaignStatus = (typeof CAMPAIGN_STATUSES)[number];

export const CAMPAIGN_SCHEDULES = ['immediate', 'scheduled'] as const;

/** Why a campaign is paused; what the caller reads in `pause.reason`. */
export const PAUSE_REASONS = ['user', 'quota_exceeded', 'account', 'credentials', 'rejections'] as const;
export type PauseReason = (typeof PAUSE_REASONS)[number];

const schema = new Schema(
  {
    business: { type: Schema.Types.ObjectId, ref: 'Business', required: true },
    name: { type: String, required: true },
    subject: { type: String },
    fromEmail: { type: String },
    fromName: { type: String },
    replyTo: { type: String },
    template: { type: Schema.Types.ObjectId, ref: 'EmailTemplate' },
    content: { html: { type: String }, text: { type: String } },
    schedule: { type: String, enum: CAMPAIGN_SCHEDULES, required: true, default: 'immediate' },
    scheduledFor: { type: Date },
    expiresAt: { type: Date },
    status: { type: String, enum: CAMPAIGN_STATUSES, required: true, default: 'draft' },
    pause: {
      type: new Schema(
        { reason: { type: String, enum: PAUSE_REASONS }, message: { type: String }, at: { type: Date } },
        { _id: false },
      ),
    },
    /** What is sent: made once, at launch, and never changed after it. */
    frozen: {
      type: new Schema(
        {
          subject: { type: String, required: true },
          html: { type: String },
          text: { type: String, required: true },
          variables: { type: [variableSchema], default: [] },
          fromEmail: { type: String, required: true },
          fromName: { type: String },
          replyTo: { type: String },
        },
        { _id: false },
      ),
    },
    /** Imports under way, each under a lease that it renews: while one is live the campaign is not launched. */
    imports: {
      type: [new Schema({ token: { type: Schema.Types.ObjectId }, until: { type: Date } }, { _id: false })],
      default: [],
    },
    /** The ledger's numbers as counted at `asOf`: never counted up, so they cannot drift. */
    counts: {
      type: new Schema(
        {
          asOf: { type: Date, required: true },
          tookMs: { type: Number, required: true },
          total: { type: Number, required: true },
          states: { type: Schema.Types.Mixed as unknown as { new (): Record<string, number> }, required: true },
          stats: { type: Schema.Types.Mixed as unknown as { new (): Record<string, number> }, required: true },
        },
        { _id: false },
      ),
    },
    launchedAt: { type: Date },
    /** When its last delivery came to an end: of a campaign that was sent or cancelled. */
    completedAt: { type: Date },
    archivedAt: { type: Date },
    createdBy: { type: Schema.Types.ObjectId, required: true },
  },
  { timestamps: true, strict: 'throw' },
);

schema.index({ business: 1, _id: -1 });
// The sweeper's: what is under way, waits for its quota, or was cancelled and is not at an end yet.
schema.index({ status: 1, completedAt: 1 });

export type EmailCampaign = InferRawDocTypeFromSchema<typeof schema> & { _id: Types.ObjectId; __v: number };
export const EmailCampaignModel = model<EmailCampaign>('EmailCampaign', schema);
