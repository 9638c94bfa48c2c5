import { describe, expect, it } from 'vitest';
import { fullestWindow, mostAllowed, slidingWindows } from '../../../scripts/support/windows.js';

const point = (at: number, offered: number) => ({ at, offered, accepted: offered });

describe('sliding windows', () => {
  it('holds what begins within its length, and nothing of the next moment', () => {
    const points = [point(0, 5), point(900, 7), point(1_000, 11), point(1_900, 2)];
    expect(slidingWindows(points, 1_000)).toEqual([
      { at: 0, offered: 12 },
      { at: 900, offered: 18 },
      { at: 1_000, offered: 13 },
      { at: 1_900, offered: 2 },
    ]);
  });

  it('finds the fullest one across the bounds of calendar seconds', () => {
    const points = [point(500, 10), point(900, 40), point(1_300, 40), point(2_000, 10)];
    expect(fullestWindow(points, 1_000)).toEqual({ at: 500, offered: 90 });
  });

  it('is empty where nothing was offered', () => {
    expect(fullestWindow([], 1_000)).toBeUndefined();
  });

  it('allows for the rate, a burst of 250 ms and one bucket of 100 ms', () => {
    expect(mostAllowed(50, 1_000)).toBe(67);
    expect(mostAllowed(14, 1_000)).toBe(18);
    expect(mostAllowed(50, 10_000)).toBe(517);
  });
});
