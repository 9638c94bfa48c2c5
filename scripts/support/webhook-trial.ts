import { setTimeout as sleep } from 'node:timers/promises';
import { Types } from 'mongoose';
import { log } from '../../src/sending/log.js';
import type { Answer, Received } from './receiver.js';

/** No event is refused more often: with the eight tries there are, none is given up. */
const MOST_REFUSALS = 3;

/** Of the events that come for the first time, each so many-th hangs. */
const HANG_EVERY = 7;

/** Events that are logged at once. */
const BATCH = 5;

/** A receiver that fails half of its calls, and never answers some: at most so many. */
export function troubled(hanging: number): Answer {
  const calls = new Map<string, number>();
  let hung = 0;
  return ({ id }) => {
    const n = (calls.get(id) ?? 0) + 1;
    calls.set(id, n);
    if (n === 1 && hung < hanging && calls.size % HANG_EVERY === 0) {
      hung += 1;
      return undefined;
    }
    return n <= MOST_REFUSALS && Math.random() < 0.5 ? 500 : 200;
  };
}

/** Something that happens when this share of the events is in the log. */
export interface Incident {
  share: number;
  happens(): Promise<unknown>;
}

/**
 * Logs so many events of a business, as the engine does, evenly; incidents do not hold them up.
 * @returns when each was logged, by its id, in ms.
 * @throws what an incident throws, at the end.
 */
export async function pour(
  businessId: string,
  {
    count,
    perSecond,
    incidents,
    signal,
  }: { count: number; perSecond: number; incidents: Incident[]; signal: AbortSignal },
): Promise<Map<string, number>> {
  const logged = new Map<string, number>();
  const waiting = [...incidents];
  const under: Promise<unknown>[] = [];
  const began = performance.now();
  while (logged.size < count) {
    const events = Array.from({ length: Math.min(BATCH, count - logged.size) }, (_, n) => ({
      _id: new Types.ObjectId(),
      business: new Types.ObjectId(businessId),
      type: 'email.delivered' as const,
      at: new Date(),
      email: `p${logged.size + n}@people.example`,
    }));
    const at = Date.now();
    await log(events);
    for (const { _id } of events) logged.set(_id.toHexString(), at);
    const next = waiting[0];
    if (next && logged.size >= next.share * count) under.push((waiting.shift() as Incident).happens());
    await sleep(Math.max(0, began + (logged.size / perSecond) * 1_000 - performance.now()), undefined, { signal });
  }
  await Promise.all(under);
  return logged;
}

/** How long each event took to its first success at a receiver, in ms, in order; those that never came are not there. */
export function delays(logged: ReadonlyMap<string, number>, received: readonly Received[]): number[] {
  const first = new Map<string, number>();
  for (const { id, status, at } of received) {
    if (status === 200 && !first.has(id)) first.set(id, at);
  }
  return [...first].map(([id, at]) => at - (logged.get(id) ?? Number.NEGATIVE_INFINITY)).sort((a, b) => a - b);
}

/** The smallest value that is not below so much of them, e.g. 0.99. */
export const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.POSITIVE_INFINITY;
