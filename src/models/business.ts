import { type InferRawDocTypeFromSchema, model, Schema, type Types } from 'mongoose';
import type { Sealed } from '../secrets.js';

export const PLANS = ['free', 'basic', 'pro', 'enterprise'] as const;
export const BUSINESS_STATUSES = ['active', 'suspended', 'cancelled'] as const;
export const BILLING_CYCLES = ['monthly', 'yearly'] as const;

/** Messages a month of each plan; an enterprise's is set by the platform's administrator. */
export const PLAN_LIMITS: Record<(typeof PLANS)[number], number> = {
  free: 1_000,
  basic: 10_000,
  pro: 100_000,
  enterprise: 1_000_000,
};

const schema = new Schema(
  {
    name: { type: String, required: true },
    domain: { type: String, required: true, lowercase: true },
    subscription: {
      plan: { type: String, enum: PLANS, required: true, default: 'free' },
      emailsPerMonth: { type: Number, required: true, default: PLAN_LIMITS.free },
      /** Used and reserved in `quota.period`. Only `sending/quota.ts` writes it. */
      emailsSentThisMonth: { type: Number, required: true, default: 0 },
      billingCycle: { type: String, enum: BILLING_CYCLES, required: true, default: 'monthly' },
      nextBillingDate: { type: Date },
    },
    /** What is reserved of the month and not settled yet. Only `sending/quota.ts` writes it. */
    quota: {
      /** The calendar month that `emailsSentThisMonth` counts, in the business's timezone: `2026-11`. */
      period: { type: String },
      reservations: {
        type: [
          new Schema(
            {
              id: { type: Schema.Types.ObjectId, required: true },
              campaign: { type: Schema.Types.ObjectId, required: true },
              period: { type: String, required: true },
              n: { type: Number, required: true },
              at: { type: Date, required: true },
            },
            { _id: false },
          ),
        ],
        default: [],
      },
    },
    sesConfiguration: {
      accessKeyId: { type: String },
      /** A `Sealed`. */
      secretAccessKey: { type: Schema.Types.Mixed as unknown as { new (): Sealed } },
      region: { type: String, required: true, default: 'us-east-1' },
      /** By STS; where it does not answer, absent, and the access key stands for the account. */
      accountId: { type: String },
      verified: { type: Boolean, required: true, default: false },
      verifiedAt: { type: Date },
    },
    sendingDomains: {
      type: [
        new Schema(
          {
            domain: { type: String, required: true },
            verified: { type: Boolean, required: true, default: false },
            dkimTokens: { type: [String], default: [] },
            verificationToken: { type: String },
          },
          { _id: false },
        ),
      ],
      default: [],
    },
    settings: {
      defaultFromEmail: { type: String },
      defaultFromName: { type: String },
      replyToEmail: { type: String },
      webhookUrl: { type: String },
      timezone: { type: String, required: true, default: 'UTC' },
    },
    status: { type: String, enum: BUSINESS_STATUSES, required: true, default: 'active' },
  },
  { timestamps: true, strict: 'throw' },
);

schema.index(
  { 'quota.reservations.at': 1 },
  { partialFilterExpression: { 'quota.reservations.at': { $exists: true } } },
);

export type Business = InferRawDocTypeFromSchema<typeof schema> & { _id: Types.ObjectId };
export const BusinessModel = model('Business', schema);
