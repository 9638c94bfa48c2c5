import { type InferRawDocTypeFromSchema, model, Schema, type Types } from 'mongoose';
import { outboxSchema } from './event.js';
import { frozenSchema } from './frozen.js';

export const CAMPAIGN_STATUSES = ['draft', 'scheduled', 'sending', 'paused', 'sent', 'cancelled'] as const;
export type CampaignStatus = (typeof CAMPAIGN_STATUSES)[number];

export const CAMPAIGN_SCHEDULES = ['immediate', 'scheduled'] as const;

/** Why a campaign is paused; what the caller reads in `pause.reason`. */
export const PAUSE_REASONS = [
  'user',
  'quota_exceeded',
  'business_inactive',
  'account',
  'credentials',
  'rejections',
  'reputation',
  'expired',
  'missed_schedule',
  'preflight_failed',
] as const;
export type PauseReason = (typeof PAUSE_REASONS)[number];

/** Pauses that end by themselves, when what they wait for is there. */
export const WAITING_PAUSES = ['quota_exceeded', 'business_inactive'] as const satisfies PauseReason[];

/** Why nothing of a running campaign goes out for a while; it goes on by itself. */
export const HOLD_REASONS = ['day_exhausted', 'daily_cap', 'domain_daily_cap', 'unclear_answers'] as const;
export type HoldReason = (typeof HOLD_REASONS)[number];

/** What `POST /:id/retry` can send again. */
export const RETRY_STATUSES = ['failed', 'unconfirmed'] as const;
export type RetryStatus = (typeof RETRY_STATUSES)[number];

const part = { _id: false } as const;

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
    /** Nothing of it goes out after this. */
    expiresAt: { type: Date },
    /** Its own limits, under those of the account: messages a second, and a day in the business's timezone. */
    ratePerSecond: { type: Number },
    dailyCap: { type: Number },
    /** What of it is tracked; where one is absent, as the business has it. */
    tracking: { type: new Schema({ opens: { type: Boolean }, clicks: { type: Boolean } }, part) },
    /** Made by a test key: everything is as if it were sent, and SES never hears of it. */
    isTest: { type: Boolean },
    status: { type: String, enum: CAMPAIGN_STATUSES, required: true, default: 'draft' },
    pause: {
      type: new Schema(
        { reason: { type: String, enum: PAUSE_REASONS }, message: { type: String }, at: { type: Date } },
        part,
      ),
    },
    /** While it is `sending`: why nothing goes out, and until when, as far as that is known. */
    hold: {
      type: new Schema(
        {
          reason: { type: String, enum: HOLD_REASONS, required: true },
          message: { type: String, required: true },
          since: { type: Date, required: true },
          until: { type: Date },
          /** Tried again then, for a limit may be raised before `until`. */
          retryAt: { type: Date, required: true },
        },
        part,
      ),
    },
    /** What is sent. */
    frozen: { type: frozenSchema },
    /** Recipients that are still to be put back for another try; none is forgotten when the process dies in between. */
    retry: {
      type: new Schema(
        {
          statuses: { type: [{ type: String, enum: RETRY_STATUSES }], required: true },
          /** Only what came to this end before these. */
          failedBefore: { type: Date, required: true },
          unconfirmedBefore: { type: Date, required: true },
        },
        part,
      ),
    },
    /** Where the reputation guard's window begins: at a person's word that the cause of the last pause is mended. */
    guard: {
      type: new Schema(
        {
          since: { type: Date, required: true },
          /** `stats.sent` at that moment. */
          sentBefore: { type: Number, required: true },
        },
        part,
      ),
    },
    /** Imports under way, each under a lease that it renews: while one is live the campaign is not launched. */
    imports: {
      type: [new Schema({ token: { type: Schema.Types.ObjectId }, until: { type: Date } }, part)],
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
        part,
      ),
    },
    /** Requests with an Idempotency-Key that moved it: none does so twice. `told`: what its answer says beside the campaign. */
    moves: {
      type: [
        new Schema({
          _id: { type: Schema.Types.ObjectId, required: true },
          told: { type: Schema.Types.Mixed as unknown as { new (): Record<string, unknown> } },
        }),
      ],
      default: undefined,
    },
    /** Events that are still to be put into the log. */
    outbox: { type: [outboxSchema], default: undefined },
    launchedAt: { type: Date },
    /** When its last delivery came to an end: of a campaign that was sent or cancelled. */
    completedAt: { type: Date },
    /** No longer in the lists. */
    archivedAt: { type: Date },
    /** A draft that is being deleted with its recipients: for everybody but the sweeper it is gone. */
    isDeleted: { type: Boolean },
    /** It was under way since it was last held against the ledger. */
    isUnchecked: { type: Boolean },
    /** Held against the ledger since it was last under way: when, and how many messages of each month it used. */
    reconciled: {
      type: new Schema(
        {
          at: { type: Date, required: true },
          used: { type: Schema.Types.Mixed as unknown as { new (): Record<string, number> }, required: true },
        },
        part,
      ),
    },
    createdBy: { type: Schema.Types.ObjectId, required: true },
  },
  { timestamps: true, strict: 'throw' },
);

schema.index({ business: 1, _id: -1 });
// The sweeper's: what is under way, waits for its quota, or was cancelled and is not at an end yet.
schema.index({ status: 1, completedAt: 1 });
schema.index({ scheduledFor: 1 }, { partialFilterExpression: { status: 'scheduled' } });
schema.index({ 'outbox._id': 1 }, { partialFilterExpression: { 'outbox._id': { $exists: true } } });
schema.index({ isUnchecked: 1 }, { partialFilterExpression: { isUnchecked: true } });
schema.index({ isDeleted: 1 }, { partialFilterExpression: { isDeleted: true } });

export type EmailCampaign = InferRawDocTypeFromSchema<typeof schema> & { _id: Types.ObjectId; __v: number };
export const EmailCampaignModel = model<EmailCampaign>('EmailCampaign', schema);
