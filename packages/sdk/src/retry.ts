import { HubError } from './errors.js';

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 8_000;
/** What the hub asks to wait longer for, such as the next month, is the caller's to wait for. */
const LONGEST_WAIT_MS = 60_000;
/** The hub holds a request for under way until a minute after its process died. */
const LOCK_MS = 65_000;

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
  let retries = 0;
  /** When a try first ended without saying whether it was done. */
  let inDoubtAt: number | undefined;
  for (;;) {
    try {
      return await attempt(inDoubtAt !== undefined);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof HubError) || !isRepeatable) throw error;
      // What is under way is the own try that got no answer: it is waited for, until the hub lets go of it.
      const isOwn = error.code === 'idempotency_in_flight' && Date.now() - (inDoubtAt ?? 0) < LOCK_MS;
      if (!isOwn) retries += 1;
      const delayMs = delayAfter(error, retries);
      if (delayMs === undefined || retries > maxRetries) throw error;
      if (isUnclear(error)) inDoubtAt ??= Date.now();
      await sleep(delayMs, signal);
    }
  }
}

/** In ms; undefined where it shall not be tried again. */
function delayAfter(error: HubError, retries: number): number | undefined {
  const { code, status, retryAfterMs } = error;
  if (!isUnclear(error) && status !== 429 && code !== 'idempotency_in_flight') return undefined;
  const longestMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (retries - 1));
  // At random, so that those who failed together do not come back together.
  const delayMs = longestMs * (0.5 + Math.random() / 2);
  if (retryAfterMs === undefined) return delayMs;
  return retryAfterMs > LONGEST_WAIT_MS ? undefined : Math.max(delayMs, retryAfterMs);
}

/** Whether it may have been done all the same. */
function isUnclear({ code, status = 0 }: HubError): boolean {
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
