import type { DeliveryStatus } from '../models/delivery.js';
import type { CampaignStatus } from '../models/email-campaign.js';

/** The legal moves of a campaign. Each is one compare-and-set on its status; anything else is a 409. */
export const CAMPAIGN_MOVES = {
  schedule: { from: ['draft'], to: 'scheduled' },
  unschedule: { from: ['scheduled'], to: 'draft' },
  send: { from: ['draft'], to: 'sending' },
  launch: { from: ['scheduled'], to: 'sending' },
  /** Its time has come, or is long past, and it cannot be launched. */
  withhold: { from: ['scheduled'], to: 'paused' },
  pause: { from: ['sending'], to: 'paused' },
  resume: { from: ['paused'], to: 'sending' },
  complete: { from: ['sending'], to: 'sent' },
  retry: { from: ['sent'], to: 'sending' },
  /** A delivery came back to pending after it was completed: a worker that had stood still knows it was not sent. */
  reopen: { from: ['sent'], to: 'sending' },
  cancel: { from: ['draft', 'scheduled', 'sending', 'paused'], to: 'cancelled' },
} as const satisfies Record<string, { from: readonly CampaignStatus[]; to: CampaignStatus }>;

export type CampaignMove = keyof typeof CAMPAIGN_MOVES;

/**
 * The filter of campaigns that may be edited and get recipients: before they are launched, also when a launch was
 * withheld, for what was wrong has to be mended.
 */
export const EDITABLE = {
  $or: [
    { status: { $in: ['draft', 'scheduled'] satisfies CampaignStatus[] } },
    { status: 'paused' as const, launchedAt: null },
  ],
};

/** The filter of campaigns without an import under way: no lease of one is live, by the database's clock. */
export const NO_IMPORT = {
  $expr: { $eq: [{ $size: { $filter: { input: '$imports', cond: { $gt: ['$$this.until', '$$NOW'] } } } }, 0] },
};

/** A delivery in one of these is not at an end: its campaign is not `sent`. */
export const OPEN: readonly DeliveryStatus[] = ['pending', 'sending'];

/** Of these SES took the message, or may have taken it. */
export const IN_DOUBT_OR_SENT: readonly DeliveryStatus[] = [
  'sending',
  'sent',
  'delivered',
  'bounced',
  'complained',
  'unconfirmed',
];

/**
 * The filter of deliveries whose last attempt used one of the month's messages. The doubtful count as used, so that no
 * answer that comes late can exceed the quota; so does what SES took first and rejected then.
 */
export const USED_QUOTA = {
  $or: [{ status: { $in: [...IN_DOUBT_OR_SENT] } }, { status: 'failed' as const, sentAt: { $exists: true } }],
};

/** An outcome is written over these only: an event of SES may have come first and moved the delivery further. */
export const AWAITS_OUTCOME: readonly DeliveryStatus[] = ['sending', 'unconfirmed'];

/**
 * How far along a delivery is. SES's events come in any order and any number: each moves a delivery only to a higher
 * rank than the one it has, so the end is the same whatever came first. Also what is suppressed or cancelled now may have
 * gone out before, by an attempt that nobody was sure of.
 */
export const EVENT_RANK: Record<DeliveryStatus, number> = {
  pending: 0,
  sending: 0,
  unconfirmed: 0,
  suppressed: 0,
  cancelled: 0,
  sent: 1,
  delivered: 2,
  failed: 3,
  bounced: 4,
  complained: 5,
};

/** Why a delivery failed that SES took first: of rank 3. Where SES refused the last attempt an earlier one may have gone out. */
export const REJECTED = 'rejected_after_acceptance';
