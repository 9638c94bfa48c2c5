import type { DeliveryStatus } from '../../src/models/delivery.js';
import type { Finding } from './findings.js';

/** A row in one of these has used one of the month's messages: what is in doubt counts as used. */
const USED: readonly DeliveryStatus[] = ['sent', 'delivered', 'bounced', 'complained', 'unconfirmed'];

/** The business's month, as it stands in MongoDB. */
export interface Month {
  used: number;
  limit: number;
  /** Reservations that nobody has settled. */
  reservations: number;
}

/** How many of these rows have used one of the month's messages. */
export function countUsed(rows: readonly { status: DeliveryStatus }[]): number {
  return rows.filter(({ status }) => USED.includes(status)).length;
}

/** The month against the rows that used it, once all is quiet. */
export function checkMonth({ used, limit, reservations }: Month, usedByRows: number): Finding[] {
  const over = Math.max(0, used - limit, usedByRows - limit);
  const texts = [
    reservations > 0 && `${reservations} reservations were not settled`,
    used !== usedByRows && `the month counts ${used} used, the ledger ${usedByRows}`,
    over > 0 && `the month's limit of ${limit} was exceeded by ${over}`,
  ];
  return texts.filter((text) => text !== false).map((text) => ({ figure: 'quotaExceeded', count: 1, text }));
}
