import { describe, expect, it } from 'vitest';
import type { DayCount } from '../../../src/services/business-stats/count.js';
import { isOld } from '../../../src/services/business-stats/fresh.js';

const NOW = new Date('2026-06-11T00:00:00Z');
const HOUR = 3_600_000;

/** A day that ended `overForMs` before now, counted `agoMs` ago. */
const counted = (overForMs: number, agoMs: number, tookMs = 1): DayCount => ({
  from: new Date(NOW.getTime() - overForMs - 24 * HOUR),
  to: new Date(NOW.getTime() - overForMs),
  asOf: new Date(NOW.getTime() - agoMs),
  tookMs,
  stats: {} as DayCount['stats'],
});

describe('a day’s numbers', () => {
  it.each([
    ['of today hold for a second', counted(-HOUR, 900), false],
    ['of today are old after it', counted(-HOUR, 1_100), true],
    ['hold for ten times as long as the counting took', counted(-HOUR, 9_900, 1_000), false],
    ['and no longer', counted(-HOUR, 10_100, 1_000), true],
    ['of a day that is over hold for a fiftieth of its age', counted(100 * HOUR, 1.9 * HOUR), false],
    ['and no longer than that', counted(100 * HOUR, 2.1 * HOUR), true],
    ['that were counted on the day itself are old as soon as it is over', counted(100 * HOUR, 110 * HOUR), true],
    ['of a clock that was wrong are old', counted(-HOUR, -5_000), true],
  ])('%s', (_case, count, expected) => {
    expect(isOld(count, NOW)).toBe(expected);
  });
});
