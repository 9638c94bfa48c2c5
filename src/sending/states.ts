import type { DeliveryStatus } from '../models/delivery.js';
import type { CampaignStatus } from '../models/email-campaign.js';

/** The legal moves of a campaign. Each is one compare-and-set on its status; anything else is a 409. */
export const CAMPAIGN_MOVES = {
  send: { from: ['draft'], to: 'sending' },
  pause: { from: ['sending'], to: 'paused' },
  resume: { from: ['paused'], to: 'sending' },
  cancel: { from: ['draft', 'scheduled', 'sending', 'paused'], to: 'cancelled' },
  complete: { from: ['sending'], to: 'sent' },
  /** A delivery came back to pending after it was completed: a worker that had stood still knows it was not sent. */
  reopen: { from: ['sent'], to: 'sending' },
} as const satisfies Record<string, { from: readonly CampaignStatus[]; to: CampaignStatus }>;

export type CampaignMove = keyof typeof CAMPAIGN_MOVES;

/** A campaign may be edited, and recipients added, while it is one of these. */
export const EDITABLE: readonly CampaignStatus[] = ['draft', 'scheduled'];

/** A delivery in one of these is not at an end: its campaign is not `sent`. */
export const OPEN: readonly DeliveryStatus[] = ['pending', 'sending'];

/**
 * A delivery in one of these was, or may have been, accepted by SES: it has used one of the month's messages. The
 * doubtful count as used, so that no answer that comes late can exceed the quota.
 */
export const USES_QUOTA: readonly DeliveryStatus[] = [
  'sending',
  'sent',
  'delivered',
  'bounced',
  'complained',
  'unconfirmed',
];

/** An outcome is written over these only: an event of SES may have come first and moved the delivery further. */
export const AWAITS_OUTCOME: readonly DeliveryStatus[] = ['sending', 'unconfirmed'];
