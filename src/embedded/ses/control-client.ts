import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { MailView, PublishRequest, SignRequest } from './control-events.js';
import type { IdentityChange } from './control-routes.js';
import type { EventTotals } from './events/publisher.js';
import type { Failure, FailureRule } from './failures.js';
import type { Identity } from './identities.js';
import type { InboxState } from './inbox-queue.js';
import type { RatePoint } from './rate-series.js';
import type { AcceptedRecipient, RecipientFilter, RecordTotals } from './record.js';
import type { AccountChange, AccountSettings } from './settings.js';
import type { DeliveryResult, DeliveryTotals } from './sns/results.js';

/** An account as the control API shows it. */
export interface AccountView extends AccountSettings {
  accessKeyId: string;
  accountId: string;
  sentLast24Hours: number;
  identities: Identity[];
}

/** The control API of a local SES; every call rejects with an Error when the SES refuses it or is gone. */
export interface SesControl {
  /** What was offered, accepted and refused since the last clear. */
  totals(): Promise<RecordTotals>;
  /** Recipients over time; `bucketMs` is a multiple of 100, a second when left out. */
  series(query?: { accessKeyId?: string; bucketMs?: number }): Promise<RatePoint[]>;
  /** Accepted recipients as they stream in: a million do not have to fit into memory. */
  stream(filter?: RecipientFilter): AsyncGenerator<AcceptedRecipient>;
  /** The same as an array. */
  recipients(filter?: RecipientFilter): Promise<AcceptedRecipient[]>;
  /** Recipients accepted more than once, with how often. */
  duplicates(): Promise<Record<string, number>>;
  /** The MIME message, while it is among the last that are kept. */
  raw(messageId: string): Promise<string>;
  clearRecord(): Promise<void>;
  /** Adds a failure on demand and answers its id. */
  fail(rule: FailureRule): Promise<number>;
  /** Takes one failure back and answers it, with how many requests it struck. */
  lift(id: number): Promise<Failure>;
  clearFailures(): Promise<void>;
  account(accessKeyId: string): Promise<AccountView>;
  changeAccount(accessKeyId: string, change: AccountChange): Promise<AccountView>;
  changeIdentity(change: IdentityChange): Promise<Identity>;
  /** Publishes anything to a topic, as often as wanted, and answers the notification's id. */
  publish(request: PublishRequest): Promise<string>;
  /** Answers the body of a signed notification or confirmation, and sends it to nobody. */
  sign(request: SignRequest): Promise<string>;
  /** What was delivered and given up, of one topic or of all, with the last thousand ends. */
  deliveries(topicArn?: string): Promise<DeliveryTotals & { last: DeliveryResult[] }>;
  /** What became of the events of accepted messages. */
  events(): Promise<EventTotals>;
  /** The `mail` object for an event about an accepted message. */
  mail(messageId: string): Promise<MailView>;
  inbox(): Promise<InboxState>;
  /** Where accepted mail goes from now on; null for nowhere. */
  setInbox(url: string | null): Promise<InboxState>;
  /** Forgets accounts, failures, record, topics and events; the inbox stays. */
  reset(): Promise<void>;
}

/** The control API of the local SES at this endpoint. */
export function createSesControl(endpoint: string): SesControl {
  const call = async (method: string, path: string, body?: object): Promise<Response> => {
    const response = await fetch(new URL(`/_local/${path}`, endpoint), {
      method,
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok)
      throw new Error(`The local SES answered ${response.status} to ${method} ${path}: ${await response.text()}`);
    return response;
  };
  const json = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const response = await call(method, path, body);
    return (await response.json()) as T;
  };
  const run = async (method: string, path: string): Promise<void> => {
    await json(method, path);
  };
  const accountPath = (accessKeyId: string) => `accounts/${encodeURIComponent(accessKeyId)}`;

  async function* stream(filter: RecipientFilter = {}): AsyncGenerator<AcceptedRecipient> {
    const { body } = await call('GET', `record/recipients?${new URLSearchParams({ ...filter })}`);
    if (!body) return;
    for await (const line of createInterface(Readable.fromWeb(body as ReadableStream<Uint8Array>)))
      yield JSON.parse(line);
  }

  return {
    stream,
    totals: () => json('GET', 'record'),
    async series({ accessKeyId, bucketMs = 1000 } = {}) {
      const query = new URLSearchParams({
        bucketMs: String(bucketMs),
        ...(accessKeyId !== undefined && { accessKeyId }),
      });
      const { points } = await json<{ points: RatePoint[] }>('GET', `record/series?${query}`);
      return points;
    },
    async recipients(filter) {
      const rows: AcceptedRecipient[] = [];
      for await (const row of stream(filter)) rows.push(row);
      return rows;
    },
    duplicates: () => json('GET', 'record/duplicates'),
    async raw(messageId) {
      const response = await call('GET', `record/raw?${new URLSearchParams({ messageId })}`);
      return response.text();
    },
    clearRecord: () => run('DELETE', 'record'),
    async fail(rule) {
      const { id } = await json<{ id: number }>('POST', 'failures', rule);
      return id;
    },
    lift: (id) => json('DELETE', `failures/${id}`),
    clearFailures: () => run('DELETE', 'failures'),
    account: (accessKeyId) => json('GET', accountPath(accessKeyId)),
    changeAccount: (accessKeyId, change) => json('PUT', accountPath(accessKeyId), change),
    changeIdentity: (change) => json('PUT', 'identities', change),
    async publish(request) {
      const { messageId } = await json<{ messageId: string }>('POST', 'sns/publish', request);
      return messageId;
    },
    async sign(request) {
      const { body } = await json<{ body: string }>('POST', 'sns/sign', request);
      return body;
    },
    deliveries: (topicArn) =>
      json('GET', `sns/deliveries?${new URLSearchParams(topicArn === undefined ? {} : { topicArn })}`),
    events: () => json('GET', 'events'),
    mail: (messageId) => json('GET', `events/mail?${new URLSearchParams({ messageId })}`),
    inbox: () => json('GET', 'inbox'),
    setInbox: (url) => json('PUT', 'inbox', { url }),
    reset: () => run('POST', 'reset'),
  };
}
