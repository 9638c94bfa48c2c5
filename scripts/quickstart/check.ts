import type { AcceptedRecipient } from '../../src/embedded/ses/record.js';
import type { Answer } from '../../src/schemas/operation.js';
import type { ListRecipients } from '../../src/schemas/recipients.js';
import type { Client } from '../support/client.js';
import type { Audience } from './audience.js';
import type { InboxLetter } from './inbox.js';
import { letterProblem } from './letter.js';
import type { ImportReport } from './sibling.js';
import type { Stats } from './watch.js';

type LedgerRow = Answer<typeof ListRecipients>['recipients'][number];

/** What the sides say of one campaign. */
export interface Evidence {
  /** Who was to be mailed, by the list itself. */
  audience: Audience;
  /** What the hub said when it took the list. */
  report: ImportReport;
  /** The hub's numbers at the end. */
  stats: Pick<Stats, 'total' | 'states'>;
  /** The hub's ledger: its recipients with the status `sent`. */
  ledger: AsyncIterable<LedgerRow>;
  /** What the local SES accepted. */
  accepted: AsyncIterable<AcceptedRecipient>;
  /** What the inbox holds. */
  inbox: readonly InboxLetter[];
  /** Whether the inbox was given everything. */
  isInboxComplete: boolean;
}

/** The recipients with the status `sent`, page by page. */
export async function* readLedger(hub: Client, campaignId: string): AsyncGenerator<LedgerRow> {
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ status: 'sent', limit: '200', ...(cursor ? { cursor } : {}) });
    const path = `/api/campaigns/${campaignId}/recipients?${query}`;
    const page: Answer<typeof ListRecipients> = await hub.call<typeof ListRecipients>('GET', path);
    yield* page.recipients;
    cursor = page.pagination.nextCursor;
  } while (cursor);
}

/** Everything in which list, ledger, SES and inbox do not agree: one line each, none when all is well. */
export async function check(evidence: Evidence): Promise<string[]> {
  const { audience, report, stats, inbox } = evidence;
  const { people } = audience;
  const problems: string[] = [];
  const expect = (what: string, is: number, should: number) => {
    if (is !== should) problems.push(`${what}: ${is} where ${should} were expected`);
  };
  expect('added by the import', report.added, people.size);
  expect('duplicates', report.duplicates, audience.duplicates);
  expect('invalid lines', report.invalid, audience.invalid);
  expect('recipients of the campaign', stats.total, people.size);
  expect('sent, by the campaign’s numbers', stats.states.sent, people.size);

  const messageIds = new Map<string, string>();
  for await (const { email, name, messageId } of evidence.ledger) {
    const person = people.get(email);
    if (!person) problems.push(`ledger: ${email} is not on the list`);
    else if ((name ?? '') !== person.name) problems.push(`ledger: ${email} is called ${name}, not ${person.name}`);
    if (messageIds.has(email)) problems.push(`ledger: ${email} is there twice`);
    messageIds.set(email, messageId ?? '');
  }
  expect('sent, by the ledger', messageIds.size, people.size);

  const accepted = new Set<string>();
  for await (const { recipient, messageId } of evidence.accepted) {
    if (accepted.has(recipient)) problems.push(`SES: ${recipient} was mailed twice`);
    accepted.add(recipient);
    if (messageIds.get(recipient) !== messageId)
      problems.push(`SES: ${messageId} of ${recipient} is not in the ledger`);
  }
  expect('accepted by SES', accepted.size, people.size);
  expect('different message ids', new Set(messageIds.values()).size, people.size);

  problems.push(...inboxProblems(inbox, audience));
  if (evidence.isInboxComplete) expect('messages in the inbox', inbox.length, people.size);
  return problems;
}

function* inboxProblems(inbox: readonly InboxLetter[], { people }: Audience): Generator<string> {
  const addressed = new Set<string>();
  const ids = new Set<string>();
  for (const letter of inbox) {
    const email = /<([^<>]+)>$/.exec(letter.to)?.[1] ?? letter.to;
    const person = people.get(email);
    if (addressed.has(email)) yield `inbox: ${email} has two messages`;
    if (ids.has(letter.id)) yield `inbox: two messages have the id ${letter.id}`;
    addressed.add(email);
    ids.add(letter.id);
    const problem = person ? letterProblem(letter, person) : 'is not on the list';
    if (problem) yield `inbox: the message to ${email} ${problem}`;
  }
}
