import { randomBytes } from 'node:crypto';
import { NumberColumn, TextColumn } from './columns.js';
import { RateSeries } from './rate-series.js';

/** Rows kept; beyond that recipients are still counted, but not remembered. About 150 bytes a row. */
const MAX_ROWS = 5_000_000;

/** One recipient of one accepted message. */
export interface AcceptedRecipient {
  recipient: string;
  messageId: string;
  /** When it was accepted, in milliseconds since 1970. */
  at: number;
  accessKeyId: string;
  tags: Record<string, string>;
}

/** Which accepted recipients are wanted; everything when empty. */
export interface RecipientFilter {
  recipient?: string | undefined;
  messageId?: string | undefined;
  accessKeyId?: string | undefined;
}

/** What came and what became of it, in recipients unless it says messages. */
export interface RecordTotals {
  /** Recipients of every send that was asked for, by whatever fate. */
  offered: number;
  accepted: number;
  acceptedMessages: number;
  /** Accepted although a limit was exceeded, in an account that does not enforce its limits. */
  overLimit: number;
  /** Accepted, but too many to be remembered one by one. */
  notKept: number;
  /** Refused requests by the name of the error. */
  refused: Record<string, number>;
  /** Every request by its action. */
  calls: Record<string, number>;
}

/** What is being accepted. */
export interface Acceptance {
  accessKeyId: string;
  recipients: string[];
  /** As in an X-SES-MESSAGE-TAGS header: `name=value, name=value`. */
  tags: string;
  at: number;
  isOverLimit: boolean;
}

/** Everything that the local SES was asked and accepted, at about 150 bytes a recipient. */
export class SendRecord {
  /** Rates a tenth of a second, by account. */
  readonly series = new RateSeries();
  #totals = emptyTotals();
  #messages = 0;
  readonly #serverId = randomBytes(4).toString('hex');
  readonly #accessKeyIds: string[] = [];
  readonly #recipients = new TextColumn();
  readonly #tags = new TextColumn();
  readonly #at = new NumberColumn();
  readonly #messageNumbers = new NumberColumn();
  readonly #accounts = new NumberColumn();

  get totals(): RecordTotals {
    return this.#totals;
  }

  countCall(action: string): void {
    this.#totals.calls[action] = (this.#totals.calls[action] ?? 0) + 1;
  }

  countRefusal(code: string): void {
    this.#totals.refused[code] = (this.#totals.refused[code] ?? 0) + 1;
  }

  countOffered(accessKeyId: string, recipients: number, at: number): void {
    this.#totals.offered += recipients;
    this.series.count(accessKeyId, 'offered', recipients, at);
  }

  /** Notes an accepted message and answers its new id. */
  accept({ accessKeyId, recipients, tags, at, isOverLimit }: Acceptance): string {
    const number = this.#messages++;
    this.#totals.accepted += recipients.length;
    this.#totals.acceptedMessages++;
    if (isOverLimit) this.#totals.overLimit += recipients.length;
    this.series.count(accessKeyId, 'accepted', recipients.length, at);
    if (this.#at.length + recipients.length > MAX_ROWS) {
      this.#totals.notKept += recipients.length;
      return this.#messageId(at, number);
    }
    const account = this.#accountNumber(accessKeyId);
    for (const recipient of recipients) {
      this.#recipients.push(recipient);
      this.#tags.push(tags);
      this.#at.push(at);
      this.#messageNumbers.push(number);
      this.#accounts.push(account);
    }
    return this.#messageId(at, number);
  }

  /** The accepted recipients that are wanted, in the order of acceptance. */
  *rows(wanted: RecipientFilter = {}): Generator<AcceptedRecipient> {
    for (let row = 0; row < this.#at.length; row++) {
      const recipient = this.#recipients.at(row);
      if (wanted.recipient !== undefined && wanted.recipient !== recipient) continue;
      const accessKeyId = this.#accessKeyIds[this.#accounts.at(row)] ?? '';
      if (wanted.accessKeyId !== undefined && wanted.accessKeyId !== accessKeyId) continue;
      const at = this.#at.at(row);
      const messageId = this.#messageId(at, this.#messageNumbers.at(row));
      if (wanted.messageId !== undefined && wanted.messageId !== messageId) continue;
      yield { recipient, messageId, at, accessKeyId, tags: parseTags(this.#tags.at(row)) };
    }
  }

  /** Recipients accepted more than once, with how often. Reads every row: for the end of a test. */
  duplicates(): Map<string, number> {
    const counts = new Map<string, number>();
    for (let row = 0; row < this.#recipients.length; row++) {
      const recipient = this.#recipients.at(row);
      counts.set(recipient, (counts.get(recipient) ?? 0) + 1);
    }
    for (const [recipient, count] of counts) {
      if (count === 1) counts.delete(recipient);
    }
    return counts;
  }

  /** Forgets everything; message ids stay unique. */
  clear(): void {
    this.#totals = emptyTotals();
    this.series.clear();
    for (const column of [this.#recipients, this.#tags, this.#at, this.#messageNumbers, this.#accounts]) column.clear();
  }

  #accountNumber(accessKeyId: string): number {
    const known = this.#accessKeyIds.indexOf(accessKeyId);
    return known >= 0 ? known : this.#accessKeyIds.push(accessKeyId) - 1;
  }

  /** Looks like SES's own, and is made of what is remembered anyway: so it need not be stored. */
  #messageId(at: number, number: number): string {
    const time = Math.floor(at).toString(16).padStart(12, '0');
    const count = number.toString(16).padStart(12, '0');
    return `0100${time}-${this.#serverId}-${time.slice(-4)}-4${time.slice(-3)}-8${count.slice(-3)}-${count}-000000`;
  }
}

/** Reads `name=value, name=value`. */
export function parseTags(text: string): Record<string, string> {
  const pairs = text.split(/[,;]/).map((pair) => pair.split('=', 2).map((part) => part.trim()));
  return Object.fromEntries(pairs.flatMap(([name, value]) => (name && value !== undefined ? [[name, value]] : [])));
}

function emptyTotals(): RecordTotals {
  return { offered: 0, accepted: 0, acceptedMessages: 0, overLimit: 0, notKept: 0, refused: {}, calls: {} };
}
