import { setTimeout as sleep } from 'node:timers/promises';
import mongoose from 'mongoose';
import { Refused } from './client.js';

const LOOK_MS = 100;
const RETRY_MS = 250;
/** What was killed is back long before. */
const OUTAGE_MS = 60_000;

/** What every wait takes. */
export interface Patience {
  signal: AbortSignal;
  timeoutMs?: number;
}

/**
 * Looks every 100 ms until there is something truthy, and returns it.
 * @param what names it in the error.
 * @throws Error when it has not come within `timeoutMs` (a minute where absent); the signal's reason when that is aborted.
 */
export async function until<T>(
  what: string,
  look: () => Promise<T> | T,
  { signal, timeoutMs = OUTAGE_MS }: Patience,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`Not within ${timeoutMs / 1_000} s: ${what}`);
    await sleep(LOOK_MS, undefined, { signal });
  }
}

/** Says for how long, in ms, what it is shown has been the same. */
export function stillness(): (seen: unknown) => number {
  let last = '';
  let since = 0;
  return (seen) => {
    const text = JSON.stringify(seen);
    if (text !== last) since = performance.now();
    last = text;
    return performance.now() - since;
  };
}

/**
 * Does something again and again while the API or MongoDB is away, as whoever depends on them would.
 * @throws any other error at once, and the last one after a minute.
 */
export async function insist<T>(work: () => Promise<T>, { signal, timeoutMs = OUTAGE_MS }: Patience): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (!isOutage(error) || performance.now() > deadline) throw error;
      await sleep(RETRY_MS, undefined, { signal });
    }
  }
}

/** No answer of the API, a 5xx, or no MongoDB: not what a request deserved. */
function isOutage(error: unknown): boolean {
  if (error instanceof Refused) return error.status >= 500;
  // `fetch failed`, `terminated`: undici's word for a connection that is gone.
  if (error instanceof TypeError || error instanceof SyntaxError) return true;
  return error instanceof mongoose.mongo.MongoError || error instanceof mongoose.MongooseError;
}
