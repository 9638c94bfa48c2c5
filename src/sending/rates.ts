import type { Stat } from './campaigns/counts.js';

/** Shares from 0 to 1; null where there is nothing that they could be shares of. */
export interface Rates {
  /** Of what was sent. */
  deliveryRate: number | null;
  bounceRate: number | null;
  complaintRate: number | null;
  /** Of what was sent and did not bounce. */
  openRate: number | null;
  clickRate: number | null;
  unsubscribeRate: number | null;
  /** Of those who opened it. */
  clickToOpenRate: number | null;
}

/**
 * The rates of these numbers; machines are in none of them. Pure. Openers are held against what did not bounce and not
 * against `delivered`: that is 0 where SES's delivery events do not come in, and then nothing could be told.
 */
export function ratesOf({
  sent,
  delivered,
  opened,
  clicked,
  bounced,
  complained,
  unsubscribed,
}: Record<Stat, number>): Rates {
  const kept = sent - bounced;
  return {
    deliveryRate: share(delivered, sent),
    bounceRate: share(bounced, sent),
    complaintRate: share(complained, sent),
    openRate: share(opened, kept),
    clickRate: share(clicked, kept),
    unsubscribeRate: share(unsubscribed, kept),
    clickToOpenRate: share(clicked, opened),
  };
}

/** To six digits; 1 at most, though somebody may have opened what bounced afterwards. */
function share(part: number, base: number): number | null {
  return base > 0 ? Math.min(1, Math.round((part / base) * 1e6) / 1e6) : null;
}
