import type { DayCount } from './count.js';

/** Counting takes at most one part in so many of the time. */
const SHARE = 10;
const FRESH_MS = 1_000;

/** The numbers of a day that is over hold for one part in so many of its age: what happens to old mail happens seldom. */
const AGE_SHARE = 50;

/** Whether a day's numbers are old enough to be counted again. Pure. */
export function isOld({ asOf, tookMs, to }: DayCount, now = new Date()): boolean {
  const ageMs = now.getTime() - asOf.getTime();
  const overForMs = asOf.getTime() - to.getTime();
  // Counted in the future is counted by a clock that was wrong.
  return ageMs < -FRESH_MS || ageMs > Math.max(FRESH_MS, SHARE * tookMs, overForMs / AGE_SHARE);
}
