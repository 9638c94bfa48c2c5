import { describe, expect, it } from 'vitest';
import { GIVE_UP_MS, pauseMs, RETRY_MS } from '../../../src/webhooks/retries.js';

describe('a webhook that fails', () => {
  it('is tried again after 5 s, 5 m, 30 m, 2 h, 5 h, 10 h and 10 h, and then no more', () => {
    const pauses = Array.from({ length: 8 }, (_, n) => pauseMs(n + 1, 0.5));
    expect(pauses).toEqual(
      [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000].map((s) => s * 1_000).concat([undefined as never]),
    );
    expect(RETRY_MS).toHaveLength(7);
  });

  it('comes a tenth sooner or later, so that what failed together comes apart', () => {
    expect(pauseMs(1, 0)).toBeCloseTo(4_500);
    expect(pauseMs(1, 1)).toBeCloseTo(5_500);
    const drawn = Array.from({ length: 100 }, () => pauseMs(3) ?? 0);
    expect(new Set(drawn).size).toBeGreaterThan(50);
    for (const pause of drawn) expect(Math.abs(pause - 1_800_000)).toBeLessThanOrEqual(180_000);
  });

  it('for five days is given up', () => {
    expect(GIVE_UP_MS).toBe(5 * 24 * 3_600_000);
  });
});
