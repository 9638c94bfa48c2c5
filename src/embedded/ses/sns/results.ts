import type { NoticeType } from './envelope.js';

/** Ends of deliveries that are remembered one by one; older ones are only counted. */
const MAX_RESULTS = 1_000;

/** How a notification ended. */
export interface DeliveryResult {
  topicArn: string;
  endpoint: string;
  type: NoticeType;
  messageId: string;
  attempts: number;
  outcome: 'delivered' | 'given-up';
  /** The last status, or what was in the way. */
  reason: string;
  /** In milliseconds since 1970. */
  at: number;
}

/** What became of the notifications, of one topic or of all. */
export interface DeliveryTotals {
  /** Taken, and neither delivered nor given up. */
  waiting: number;
  delivered: number;
  givenUp: number;
  /** POSTs, over all notifications. */
  attempts: number;
}

/** What was delivered and given up, by topic. */
export class DeliveryResults {
  readonly #totals = new Map<string, DeliveryTotals>();
  #last: DeliveryResult[] = [];

  countTaken(topicArn: string): void {
    this.#of(topicArn).waiting++;
  }

  countLeft(topicArn: string): void {
    this.#of(topicArn).waiting--;
  }

  countAttempt(topicArn: string): void {
    this.#of(topicArn).attempts++;
  }

  add(result: DeliveryResult): void {
    const totals = this.#of(result.topicArn);
    if (result.outcome === 'delivered') totals.delivered++;
    else totals.givenUp++;
    this.#last.push(result);
    if (this.#last.length > 2 * MAX_RESULTS) this.#last = this.#last.slice(-MAX_RESULTS);
  }

  /** Over all topics without one. */
  totals(topicArn?: string): DeliveryTotals {
    const sum = emptyTotals();
    for (const [arn, totals] of this.#totals) {
      if (topicArn !== undefined && topicArn !== arn) continue;
      sum.waiting += totals.waiting;
      sum.delivered += totals.delivered;
      sum.givenUp += totals.givenUp;
      sum.attempts += totals.attempts;
    }
    return sum;
  }

  /** The last ones, oldest first. */
  last(topicArn?: string): DeliveryResult[] {
    const wanted = this.#last.filter((result) => topicArn === undefined || result.topicArn === topicArn);
    return wanted.slice(-MAX_RESULTS);
  }

  /** Forgets how deliveries ended; those under way go on. */
  clear(): void {
    for (const totals of this.#totals.values()) Object.assign(totals, { delivered: 0, givenUp: 0, attempts: 0 });
    this.#last = [];
  }

  #of(topicArn: string): DeliveryTotals {
    const known = this.#totals.get(topicArn);
    if (known) return known;
    const totals = emptyTotals();
    this.#totals.set(topicArn, totals);
    return totals;
  }
}

function emptyTotals(): DeliveryTotals {
  return { waiting: 0, delivered: 0, givenUp: 0, attempts: 0 };
}
