import { HubError } from './errors.js';

/** What a timer of Node can wait, in ms; with more it would end at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** The time that one try may take, from its beginning. */
export class TimeLimit {
  readonly #timer = new AbortController();
  readonly #timeout: NodeJS.Timeout | undefined;
  readonly #timeoutMs: number;
  /** Aborted when the time is over, or by the caller. */
  readonly signal: AbortSignal;

  /** @param timeoutMs 0 for none, and so is what is longer than some 24 days. */
  constructor(timeoutMs: number, callers: AbortSignal | undefined) {
    this.#timeoutMs = timeoutMs;
    if (timeoutMs > 0 && timeoutMs <= LONGEST_MS) {
      this.#timeout = setTimeout(() => this.#timer.abort(), timeoutMs);
    }
    this.signal = callers ? AbortSignal.any([this.#timer.signal, callers]) : this.#timer.signal;
  }

  /** From here on only the caller ends it. */
  end(): void {
    clearTimeout(this.#timeout);
  }

  /** What an error of `fetch` means. */
  explain(error: unknown, what: string, idempotencyKey: string | undefined): HubError {
    if (error instanceof HubError) return error;
    const details = { cause: error, ...(idempotencyKey ? { idempotencyKey } : {}) };
    if (this.#timer.signal.aborted) {
      return new HubError('timeout', `${what} got no answer within ${this.#timeoutMs} ms`, details);
    }
    return new HubError('no_answer', `${what} got no answer: ${reasonOf(error)}`, details);
  }
}

/** `fetch failed` says nothing; what stands behind it does. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return String(cause);
  return cause.message || ('code' in cause ? String(cause.code) : cause.name);
}
