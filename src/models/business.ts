import { type InferRawDocTypeFromSchema, model, Schema, type Types } from 'mongoose';
import { PLANS, type Plan } from '../plans.js';
import type { Sealed } from '../secrets.js';
import { outboxSchema } from './event.js';

export const BUSINESS_STATUSES = ['active', 'suspended', 'cancelled'] as const;
export const BILLING_CYCLES = ['monthly', 'yearly'] as const;

/** Messages a month of each plan; an enterprise's is set by the platform's administrator. */
export const PLAN_LIMITS: Record<Plan, number> = {
  free: 1_000,
  basic: 10_000,
  pro: 100_000,
  enterprise: 1_000_000,
};

const part = { _id: false } as const;

const subscription = new Schema(
  {
    plan: { type: String, enum: PLANS, required: true, default: 'free' },
    emailsPerMonth: { type: Number, required: true, default: PLAN_LIMITS.free },
    /** Used and reserved in `quota.period`, but for what was forgiven. Only `sending/limits` writes it. */
    emailsSentThisMonth: { type: Number, required: true, default: 0 },
    billingCycle: { type: String, enum: BILLING_CYCLES, required: true, default: 'monthly' },
    nextBillingDate: { type: Date },
  },
  part,
);

const reservation = new Schema(
  {
    id: { type: Schema.Types.ObjectId, required: true },
    period: { type: String, required: true },
    n: { type: Number, required: true },
    at: { type: Date, required: true },
    /** The day's allowances that it took from, and their day. */
    day: { type: String },
    keys: { type: [String], default: undefined },
    /** What it used was taken off the month by a reset: what turns out later changes `forgiven`, not the month. */
    isForgiven: { type: Boolean },
  },
  part,
);

/** What is reserved of the month and not settled yet. Only `sending/limits` writes it. */
const quota = new Schema(
  {
    /** The calendar month that `emailsSentThisMonth` counts, in the business's timezone: `2026-11`. */
    period: { type: String },
    reservations: { type: [reservation], required: true, default: [] },
    /** What the sweeper settled from the ledger of late, with what it found to be used: a worker may know better yet. */
    settled: { type: [reservation], default: undefined },
    /** How many of a month's messages an administrator's resets took off it: so many more does the ledger know. */
    forgiven: {
      type: new Schema({ period: { type: String, required: true }, n: { type: Number, required: true } }, part),
    },
    /** The day that `days` counts, in the business's timezone: `2026-11-24`. */
    day: { type: String },
    /** Used and reserved today of what has a daily cap: `domain:example.com`, `campaign:<id>`. */
    days: { type: [new Schema({ key: { type: String }, n: { type: Number } }, part)], default: undefined },
    /** What the last reservation found to be left, of the month and of each cap: it reads back why it got nothing. */
    found: { type: new Schema({ month: { type: Number }, caps: { type: [Number], default: undefined } }, part) },
    /** Something was reserved since the month was last held against the ledger. */
    isUnchecked: { type: Boolean },
    /** The last month in which transactional mail went out. */
    transactionalPeriod: { type: String },
    /** The month and limit of which the business was told that 80 % are used, and that all is: `2026-11/1000`. */
    warned: { type: String },
    exceeded: { type: String },
  },
  part,
);

const sesConfiguration = new Schema(
  {
    accessKeyId: { type: String },
    /** A `Sealed`, in the context `<business id>:ses`. */
    secretAccessKey: { type: Schema.Types.Mixed as unknown as { new (): Sealed } },
    region: { type: String, required: true, default: 'us-east-1' },
    /** By STS; where it does not answer, absent, and the access key stands for the account. */
    accountId: { type: String },
    verified: { type: Boolean, required: true, default: false },
    verifiedAt: { type: Date },
  },
  part,
);

/** How SES tells what became of the business's mail: by SNS, to a secret URL of its own. */
const eventWiring = new Schema(
  {
    /** Of the URL's token, SHA-256 in hex. */
    tokenHash: { type: String, required: true },
    /** The token as a `Sealed`, in the context `<business id>:inbound`, to show the URL again. */
    token: { type: Schema.Types.Mixed as unknown as { new (): Sealed }, required: true },
    /** The token before the last rotation, for what is still on its way. */
    previous: { type: new Schema({ tokenHash: { type: String }, until: { type: Date } }, part) },
    /** The request that replaced it (`Attempt.id`): it does so once. */
    rotation: { type: Schema.Types.ObjectId },
    /** The one topic that is believed. */
    topicArn: { type: String },
    configurationSet: { type: String },
    /** A person made topic and configuration set, and says that they are there. */
    isByHand: { type: Boolean },
    subscriptionArn: { type: String },
    /** When SNS's subscription was confirmed. */
    confirmedAt: { type: Date },
    lastEventAt: { type: Date },
  },
  part,
);

/** How far a sending domain is. `failed`: not verified in time, or not any more. */
export const DOMAIN_STATUSES = ['pending', 'verified', 'failed'] as const;

/** What proves that a domain is the business's: its DNS, a domain above it that is proven, an administrator's word. */
export const DOMAIN_PROOFS = ['dns', 'parent', 'admin'] as const;

/** What DNS says of a record that is to be published; `unknown` where it did not answer. */
export const RECORD_STATES = ['published', 'different', 'missing', 'unknown'] as const;
export type RecordState = (typeof RECORD_STATES)[number];

/** What SES says of a domain's identity, its DKIM and its MAIL FROM; `NotStarted` where it knows no such identity. */
export const SES_DOMAIN_STATUSES = ['Pending', 'Success', 'Failed', 'TemporaryFailure', 'NotStarted'] as const;
export type SesDomainStatus = (typeof SES_DOMAIN_STATUSES)[number];

const sesStatus = { type: String, enum: SES_DOMAIN_STATUSES, required: true, default: 'NotStarted' } as const;

/** A domain that the business wants to send from. Only `sending/domains` and its service write it. */
const sendingDomain = new Schema({
  _id: { type: Schema.Types.ObjectId, required: true, auto: true },
  domain: { type: String, required: true },
  /** It may be sent from: proven to be the business's, and verified by SES. */
  verified: { type: Boolean, required: true, default: false },
  status: { type: String, enum: DOMAIN_STATUSES, required: true, default: 'pending' },
  /** SES's, for DNS. */
  dkimTokens: { type: [String], required: true, default: [] },
  verificationToken: { type: String },
  mailFromDomain: { type: String },
  /** The hub's own, for DNS: what only the domain's owner can publish. */
  proofToken: { type: String },
  proof: {
    type: new Schema(
      {
        by: { type: String, enum: DOMAIN_PROOFS, required: true },
        at: { type: Date, required: true },
        user: { type: Schema.Types.ObjectId },
      },
      part,
    ),
  },
  /** What SES said last. */
  identity: sesStatus,
  dkim: sesStatus,
  mailFrom: sesStatus,
  /** What DNS said last, by the names of the records. */
  records: { type: Schema.Types.Mixed as unknown as { new (): Record<string, RecordState> } },
  /** What stands in the way, for a person. */
  problem: { type: String },
  /** Checks in a row that a verified one did not pass. */
  failures: { type: Number, required: true, default: 0 },
  /** Checks since its verification began; the pauses between them grow with it. */
  checks: { type: Number, required: true, default: 0 },
  checkedAt: { type: Date },
  nextCheckAt: { type: Date },
  verifiedAt: { type: Date },
  createdAt: { type: Date, required: true, default: () => new Date() },
  /** When its verification began, the last time. */
  pendingSince: { type: Date, required: true, default: () => new Date() },
  /** Counts every write, so that of two checks at once one is written. */
  revision: { type: Number, required: true, default: 0 },
});

/** What a sending domain may send a day; the receivers' trust in a new one is to grow slowly. */
const domainLimit = new Schema(
  {
    domain: { type: String, required: true },
    dailyCap: { type: Number },
    /** The first day of the ramp, `2026-11-24` in the business's timezone, and the messages of each of its days. */
    warmUp: {
      type: new Schema(
        { startsOn: { type: String, required: true }, perDay: { type: [Number], required: true } },
        part,
      ),
    },
  },
  part,
);

/**
 * When the reputation guard pauses, where a business says nothing else: shares of what was sent, in percent, once so many
 * were sent. SES itself reviews an account at these (Amazon SES Developer Guide, "Sending review process FAQs").
 */
export const GUARD_DEFAULTS = { maxBouncePercent: 5, maxComplaintPercent: 0.1, minOutcomes: 1_000 };

const guard = new Schema(
  {
    maxBouncePercent: { type: Number, required: true, default: GUARD_DEFAULTS.maxBouncePercent },
    maxComplaintPercent: { type: Number, required: true, default: GUARD_DEFAULTS.maxComplaintPercent },
    minOutcomes: { type: Number, required: true, default: GUARD_DEFAULTS.minOutcomes },
  },
  part,
);

/** What is tracked of a campaign that does not say so itself. */
const tracking = new Schema(
  {
    opens: { type: Boolean, required: true, default: false },
    clicks: { type: Boolean, required: true, default: false },
  },
  part,
);

const settings = new Schema(
  {
    defaultFromEmail: { type: String },
    defaultFromName: { type: String },
    replyToEmail: { type: String },
    timezone: { type: String, required: true, default: 'UTC' },
    domainLimits: { type: [domainLimit], required: true, default: [] },
    guard: { type: guard, required: true, default: {} },
    tracking: { type: tracking, required: true, default: {} },
    /** The host of links in messages instead of PUBLIC_URL's: its name leads to the hub, as DNS has proven. */
    trackingDomain: { type: String },
    /** Where the sender can be reached by post: at the end of every campaign. Lines end with LF. */
    postalAddress: { type: String },
  },
  part,
);

const schema = new Schema(
  {
    name: { type: String, required: true },
    domain: { type: String, required: true, lowercase: true },
    subscription: { type: subscription, required: true, default: {} },
    quota: { type: quota, required: true, default: {} },
    sesConfiguration: { type: sesConfiguration, required: true, default: {} },
    eventWiring: { type: eventWiring },
    sendingDomains: { type: [sendingDomain], required: true, default: [] },
    settings: { type: settings, required: true, default: {} },
    status: { type: String, enum: BUSINESS_STATUSES, required: true, default: 'active' },
    /** Where the guard's week begins at the earliest: at a person's word that the cause of a pause is mended. */
    guardSince: { type: Date },
    /** Events that are still to be put into the log. */
    outbox: { type: [outboxSchema], default: undefined },
  },
  { timestamps: true, strict: 'throw' },
);

/**
 * By which a search for the beginning of a name or domain goes, whatever the case and the accents: a range in this order is
 * a prefix, up to U+FFFF, which sorts after every character (Unicode Technical Standard #35, part 5, "Root Collation").
 */
export const SEARCH_COLLATION = { locale: 'en', strength: 1 } as const;

/** The lists of a status, of a plan, of both; and the numbers of each. */
export const BUSINESS_LIST = { status: 1, 'subscription.plan': 1, _id: -1 } as const;

schema.index(BUSINESS_LIST);
schema.index({ name: 1 }, { name: 'search_name', collation: SEARCH_COLLATION });
schema.index({ domain: 1 }, { name: 'search_domain', collation: SEARCH_COLLATION });

// A name stands for one sender.
schema.index(
  { 'settings.trackingDomain': 1 },
  { unique: true, partialFilterExpression: { 'settings.trackingDomain': { $type: 'string' } } },
);

// The sweeper's: reservations that nobody settled.
schema.index(
  { 'quota.reservations.at': 1 },
  { partialFilterExpression: { 'quota.reservations.at': { $exists: true } } },
);

schema.index(
  { 'eventWiring.tokenHash': 1 },
  { unique: true, partialFilterExpression: { 'eventWiring.tokenHash': { $exists: true } } },
);
schema.index(
  { 'eventWiring.previous.tokenHash': 1 },
  { partialFilterExpression: { 'eventWiring.previous.tokenHash': { $exists: true } } },
);
// The checks that are due.
schema.index(
  { 'sendingDomains.nextCheckAt': 1 },
  { partialFilterExpression: { 'sendingDomains.nextCheckAt': { $exists: true } } },
);
schema.index({ 'quota.isUnchecked': 1 }, { partialFilterExpression: { 'quota.isUnchecked': true } });
schema.index({ 'outbox._id': 1 }, { partialFilterExpression: { 'outbox._id': { $exists: true } } });

export type SendingDomain = InferRawDocTypeFromSchema<typeof sendingDomain> & { _id: Types.ObjectId };
export type Business = InferRawDocTypeFromSchema<typeof schema> & { _id: Types.ObjectId };
export type EventWiring = NonNullable<Business['eventWiring']>;
export const BusinessModel = model<Business>('Business', schema);
