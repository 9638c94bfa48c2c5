import type { AcceptedRecipient } from '../../src/embedded/ses/record.js';
import type { Delivery } from '../../src/models/delivery.js';
import { OPEN } from '../../src/sending/states.js';
import type { Finding } from './findings.js';

/** A row of the ledger, as far as it says what became of a message. */
export type LedgerRow = Pick<Delivery, 'email' | 'status' | 'messageId' | 'error'>;

/** One campaign, by everybody who knows of it. */
export interface MailEvidence {
  /** Who was imported, as the hub spells them. */
  addresses: ReadonlySet<string>;
  rows: readonly LedgerRow[];
  /** What SES's own record holds for the account. */
  accepted: readonly Pick<AcceptedRecipient, 'recipient' | 'messageId'>[];
}

/** At an end as it should be, where SES refuses nobody and nobody is suppressed. */
const MAILED = new Set(['sent', 'delivered', 'unconfirmed']);

/** Who was forgotten: without a row, not at an end, or `sent` by the ledger and unknown to SES. */
export function findLost({ addresses, rows, accepted }: MailEvidence): Finding[] {
  const known = new Set(accepted.map(({ recipient, messageId }) => `${recipient} ${messageId}`));
  const inLedger = new Set(rows.map(({ email }) => email));
  const missing = [...addresses]
    .filter((address) => !inLedger.has(address))
    .map((address) => lost(address, 'has no row'));
  const wrong = rows.flatMap((row) => {
    const what = whatIsWrong(row, known);
    return what ? [lost(row.email, what)] : [];
  });
  return [...missing, ...wrong];
}

const lost = (address: string, what: string): Finding => ({
  figure: 'lost',
  count: 1,
  text: `${address} ${what}`,
  address,
});

function whatIsWrong({ email, status, messageId, error }: LedgerRow, known: ReadonlySet<string>): string | undefined {
  const because = error ? ` (${error.code}: ${error.message})` : '';
  if (OPEN.includes(status)) return `is still ${status}${because}`;
  if (!MAILED.has(status)) return `is ${status}${because}, and SES refused nobody`;
  if (status === 'unconfirmed' || known.has(`${email} ${messageId}`)) return undefined;
  return `is ${status} as ${messageId}, of which SES knows nothing`;
}

/** Who was mailed more than once. */
export function findDuplicates(accepted: MailEvidence['accepted']): Finding[] {
  const times = new Map<string, number>();
  for (const { recipient } of accepted) times.set(recipient, (times.get(recipient) ?? 0) + 1);
  return [...times]
    .filter(([, count]) => count > 1)
    .map(([address, count]) => ({
      figure: 'duplicated',
      count: 1,
      text: `${address} was mailed ${count} times`,
      address,
    }));
}
