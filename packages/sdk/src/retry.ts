import { HubError } from './errors.js';

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 8_000;
/** What the hub asks to wait longer for, such as the next month, is the caller's to wait for. */
const LONGEST_WAIT_MS = 60_000;

/** How a call may be tried again. */
export interface Tries {
  maxRetries: number;
  /** It can be sent again, and nothing happens twice by that. */
  isRepeatable: boolean;
  signal: AbortSignal | undefined;
}

/**
 * Tries until it works, or trying again would not help.
 * @param attempt is told whether a try before may have done it already, without an answer.
 * @throws the last error; the signal's reason when that is aborted.
 */
export async function withRetries<T>(
  attempt: (isInDoubt: boolean) => Promise<T>,
  { maxRetries, isRepeatable, signal }: Tries,
): Promise<T> {
  let isInDoubt = false;
  for (let failures = 0; ; failures += 1) {
    try {
      return await attempt(isInDoubt);
    } catch (error) {
      signal?.throwIfAborted();
      const delayMs = error instanceof HubError ? delayAfter(error, failures, isRepeatable) : undefined;
      if (delayMs === undefined || failures >= maxRetries) throw error;
      isInDoubt ||= isUnclear(error);
      await sleep(delayMs, signal);
    }
  }
}

/** In ms; undefined where it shall not be tried again. */
function delayAfter(error: HubError, failures: number, isRepeatable: boolean): number | undefined {
  const { code, status, retryAfterMs } = error;
  // `idempotency_in_flight` is the try before, whose answer was lost.
  const isForNow = isUnclear(error) || status === 429 || code === 'idempotency_in_flight';
  if (!isRepeatable || !isForNow) return undefined;
  const longestMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures);
  // At random, so that those who failed together do not come back together.
  const delayMs = longestMs * (0.5 + Math.random() / 2);
  if (retryAfterMs === undefined) return delayMs;
  return retryAfterMs > LONGEST_WAIT_MS ? undefined : Math.max(delayMs, retryAfterMs);
}

/** Whether it may have been done all the same. */
function isUnclear(error: unknown): boolean {
  if (!(error instanceof HubError)) return false;
  const { code, status = 0 } = error;
  return status >= 500 || code === 'no_answer' || code === 'timeout';
}

async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
