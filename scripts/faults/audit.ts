import type { RatePoint } from '../../src/embedded/ses/rate-series.js';
import { DELIVERY_STATUSES, type Delivery } from '../../src/models/delivery.js';
import type { Finding } from '../support/findings.js';
import { findDuplicates, findLost, type MailEvidence } from '../support/mail-check.js';
import { checkMonth, countUsed, type Month } from '../support/quota-check.js';
import { mostAllowed, SECOND_MS, slidingWindows } from '../support/windows.js';

/** The campaign's numbers as the API shows them. */
export interface ShownNumbers {
  total: number;
  states: Readonly<Record<string, number>>;
  stats: Readonly<Record<string, number>>;
}

/** What a trial's faults may leave in doubt, and no more. */
export interface Doubt {
  /** Workers that were killed while they were sending. */
  killedWorkers: number;
  /** Answers that SES left unclear. */
  unclearAnswers: number;
}

/** A campaign that has come to its end, by everybody who knows of it. */
export interface Evidence extends MailEvidence {
  rows: readonly Delivery[];
  month: Month;
  shown: ShownNumbers;
  /** What the account was offered, in buckets of 100 ms. */
  offered: readonly RatePoint[];
  /** Messages a second that the account takes. */
  rate: number;
  doubt: Doubt;
}

/** Everything in which a campaign's end breaks a promise. @param window deliveries that a killed worker may leave in doubt. */
export function audit(evidence: Evidence, window: number): Finding[] {
  const { rows, accepted } = evidence;
  return [
    ...findLost(evidence),
    ...findDuplicates(accepted),
    ...checkDoubt(rows, evidence.doubt, window),
    ...checkMonth(evidence.month, countUsed(rows)),
    ...checkRate(evidence),
    ...checkNumbers(evidence),
  ];
}

function checkDoubt(rows: Evidence['rows'], { killedWorkers, unclearAnswers }: Doubt, window: number): Finding[] {
  const bound = killedWorkers * window + unclearAnswers;
  const count = rows.filter(({ status }) => status === 'unconfirmed').length;
  if (count <= bound) return [];
  const because = `${killedWorkers} killed workers and ${unclearAnswers} unclear answers allow for ${bound}`;
  return [{ figure: 'unconfirmedOver', count: count - bound, text: `${count} are unconfirmed: ${because}` }];
}

function checkRate({ offered, rate }: Pick<Evidence, 'offered' | 'rate'>): Finding[] {
  const bound = mostAllowed(rate, SECOND_MS);
  return slidingWindows(offered, SECOND_MS)
    .filter((window) => window.offered > bound)
    .map((window) => ({
      figure: 'rateExceeded',
      count: 1,
      text: `${window.offered} calls in the second from ${new Date(window.at).toISOString()}, of which ${bound} are allowed`,
    }));
}

/** A stat counts the rows that have the timestamp of its name: `sent` those with a `sentAt`. */
function checkNumbers({ rows, shown }: Evidence): Finding[] {
  const have = (field: string) => rows.filter((row) => field in row && row[field as keyof Delivery]).length;
  const counted = [
    ['total', shown.total, rows.length] as const,
    ...DELIVERY_STATUSES.map((state) => {
      const count = rows.filter(({ status }) => status === state).length;
      return [`states.${state}`, shown.states[state], count] as const;
    }),
    ...Object.entries(shown.stats).map(([stat, is]) => [`stats.${stat}`, is, have(`${stat}At`)] as const),
  ];
  const differing = counted.filter(([, is, should]) => is !== should);
  return differing.map(([name, is, should]) => ({
    figure: 'counterMismatches',
    count: 1,
    text: `the API shows ${is} as ${name}, the ledger has ${should}`,
  }));
}
