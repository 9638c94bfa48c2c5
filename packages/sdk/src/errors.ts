import type { ErrorCode } from './generated.js';

/**
 * Why a call failed: the hub's own codes, and those of calls that got no answer of the hub's. `no_answer`: nobody was
 * reached, or the connection broke. `timeout`: no answer in time. `unexpected_answer`: something else answered, e.g. a proxy.
 */
export type HubErrorCode = ErrorCode | 'no_answer' | 'timeout' | 'unexpected_answer';

/** One thing that is wrong with what was sent. */
export interface Problem {
  /** Where, with dots: `recipients.3.email`; empty for the whole. */
  path: string;
  message: string;
}

interface Details {
  status?: number;
  requestId?: string;
  errors?: Problem[];
  details?: Record<string, unknown>;
  retryAfterMs?: number;
  idempotencyKey?: string;
  cause?: unknown;
}

/**
 * A call that failed, after all of its tries. `code` says why and is part of the hub's contract; `message` is for a person.
 * What the caller aborts himself throws the reason of his signal instead.
 */
export class HubError extends Error {
  override readonly name = 'HubError';
  /** Of the answer; undefined where there was none. */
  readonly status: number | undefined;
  /** Names the request in the hub's log. */
  readonly requestId: string | undefined;
  /** Everything that is wrong with what was sent; empty where the hub names nothing in particular. */
  readonly errors: readonly Problem[];
  /** What else the hub told, e.g. the `added` and `line` of an import that broke off. */
  readonly details: Readonly<Record<string, unknown>>;
  /** When it is worth trying again, in ms from now, where the hub said so. */
  readonly retryAfterMs: number | undefined;
  /** Of a call that bears one: with it the same call can go on later, and is still done once. */
  readonly idempotencyKey: string | undefined;

  constructor(
    readonly code: HubErrorCode,
    message: string,
    details: Details = {},
  ) {
    super(message, { cause: details.cause });
    this.status = details.status;
    this.requestId = details.requestId;
    this.errors = details.errors ?? [];
    this.details = details.details ?? {};
    this.retryAfterMs = details.retryAfterMs;
    this.idempotencyKey = details.idempotencyKey;
  }
}
