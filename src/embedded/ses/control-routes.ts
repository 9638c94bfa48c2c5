import { Readable } from 'node:stream';
import { z } from 'zod';
import { EVENT_ROUTES } from './control-events.js';
import { FailureRule } from './failures.js';
import { IDENTITY_STATUSES } from './identities.js';
import { BUCKET_MS } from './rate-series.js';
import type { RecipientFilter } from './record.js';
import { AccountChange } from './settings.js';
import type { SesState } from './state.js';

const Filter = z.object({
  recipient: z.string().optional(),
  messageId: z.string().optional(),
  accessKeyId: z.string().optional(),
});
const SeriesQuery = z.object({
  accessKeyId: z.string().optional(),
  bucketMs: z.coerce.number().int().multipleOf(BUCKET_MS).positive().default(1000),
});
/** What can be told about an identity of an account; it is created when it is new. */
export const IdentityChange = z.object({
  accessKeyId: z.string(),
  identity: z.string(),
  status: z.enum(IDENTITY_STATUSES).optional(),
  dkimStatus: z.enum(IDENTITY_STATUSES).optional(),
  mailFromStatus: z.enum(IDENTITY_STATUSES).optional(),
});
export type IdentityChange = z.infer<typeof IdentityChange>;
const InboxChange = z.object({ url: z.url().nullable() });

/** Rows are written in groups, as a write a row would take most of the time of reading a million. */
const ROWS_A_WRITE = 500;

/** A call of the control API. */
export interface ControlRequest {
  state: SesState;
  /** What stands behind the path's own part, decoded. */
  rest: string;
  query: Record<string, string>;
  body: unknown;
}

/** Answers what goes out as JSON, or bytes, or a stream of NDJSON lines, or a promise of it; undefined for what is not there. */
export type ControlHandler = (request: ControlRequest) => unknown;

/** The control API: method and path; a path that ends with a slash takes one more part behind it. */
export const CONTROL_ROUTES: Readonly<Record<string, ControlHandler>> = {
  'GET /_local/record': ({ state }) => state.record.totals,
  'DELETE /_local/record': ({ state }) => {
    state.record.clear();
    state.recent.clear();
    return {};
  },
  'GET /_local/record/series': ({ state, query }) => {
    const { bucketMs, accessKeyId } = SeriesQuery.parse(query);
    return { bucketMs, points: state.record.series.points(bucketMs, accessKeyId) };
  },
  'GET /_local/record/duplicates': ({ state }) => Object.fromEntries(state.record.duplicates()),
  'GET /_local/record/recipients': ({ state, query }) => Readable.from(ndjson(state, Filter.parse(query))),
  'GET /_local/record/raw': ({ state, query }) => state.recent.find(query.messageId ?? ''),

  'GET /_local/failures': ({ state }) => ({ rules: state.failures.list() }),
  'POST /_local/failures': ({ state, body }) => ({ id: state.failures.add(FailureRule.parse(body)) }),
  'DELETE /_local/failures': ({ state }) => {
    state.failures.clear();
    return {};
  },
  'DELETE /_local/failures/': ({ state, rest }) => state.failures.remove(Number(rest)),

  'GET /_local/accounts/': ({ state, rest }) => presentAccount(state, rest),
  'PUT /_local/accounts/': ({ state, rest, body }) => {
    state.accounts.change(rest, AccountChange.parse(body));
    return presentAccount(state, rest);
  },
  'PUT /_local/identities': ({ state, body }) => {
    const { accessKeyId, identity, ...change } = IdentityChange.parse(body);
    return Object.assign(state.accounts.of(accessKeyId).identities.ensure(identity, 'Pending'), change);
  },

  'GET /_local/inbox': ({ state }) => state.inbox.state(),
  'PUT /_local/inbox': ({ state, body }) => {
    state.inbox.setUrl(InboxChange.parse(body).url);
    return state.inbox.state();
  },

  ...EVENT_ROUTES,

  'POST /_local/reset': ({ state }) => {
    state.accounts.clear();
    state.failures.clear();
    state.record.clear();
    state.recent.clear();
    state.events.clear();
    state.sns.clear();
    return {};
  },
};

function* ndjson({ record }: SesState, filter: RecipientFilter): Generator<string> {
  let lines: string[] = [];
  for (const row of record.rows(filter)) {
    lines.push(JSON.stringify(row));
    if (lines.length === ROWS_A_WRITE) {
      yield `${lines.join('\n')}\n`;
      lines = [];
    }
  }
  if (lines.length > 0) yield `${lines.join('\n')}\n`;
}

function presentAccount({ accounts }: SesState, accessKeyId: string) {
  const { accountId, settings, limits, identities } = accounts.of(accessKeyId);
  return {
    accessKeyId,
    accountId,
    ...settings,
    sentLast24Hours: limits.sentLast24Hours(),
    identities: identities.list(),
  };
}
