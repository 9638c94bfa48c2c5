import { describe, expect, it } from 'vitest';
import { createPace } from '../../../scripts/quickstart/pace.js';
import { progressLine } from '../../../scripts/quickstart/progress.js';

describe('the progress line', () => {
  it('shows bar, count, rate and time left', () => {
    const line = progressLine({ done: 500, total: 1_000, elapsedMs: 2_500, perSecond: 200 }, 80);
    expect(line).toBe(`  ${'█'.repeat(14)}${'░'.repeat(14)}  500 of 1,000 · 200/s · 3 s left`);
  });

  it('says how long it took at the end', () => {
    const line = progressLine({ done: 970, total: 970, elapsedMs: 125_000, perSecond: 8 }, 80);
    expect(line).toContain('970 of 970 · 8/s · done in 2 min 05 s');
    expect(line).not.toContain('░');
  });

  it('claims no rate before there is one', () => {
    expect(progressLine({ done: 0, total: 970, elapsedMs: 100 }, 80)).toMatch(/░ {2}0 of 970$/);
  });

  it.each([20, 40, 50, 60, 80, 200])('fits into %i columns, without the bar where there is no room', (columns) => {
    const line = progressLine({ done: 12_345, total: 100_000, elapsedMs: 9_000, perSecond: 1_400 }, columns);
    expect(line.length).toBeLessThanOrEqual(
      Math.max(columns, '  12,345 of 100,000 · 1,400/s · 1 min 03 s left'.length),
    );
    expect(line).toContain('12,345 of 100,000');
  });
});

describe('the pace', () => {
  it('leaves out the time before the first was done, and numbers that did not change', () => {
    const pace = createPace();
    expect(pace.add(0, 0)).toBeUndefined();
    expect(pace.add(50, 3_000)).toBeUndefined();
    expect(pace.add(50, 3_900)).toBeUndefined();
    expect(pace.add(250, 4_000)).toBe(200);
  });

  it('is that of the last ten seconds', () => {
    const pace = createPace();
    pace.add(1, 0);
    pace.add(10_001, 1_000);
    pace.add(10_101, 10_500);
    expect(pace.add(10_201, 20_500)).toBe(10);
  });

  it('is that between the last two counts where they are further apart', () => {
    const pace = createPace();
    pace.add(1_000, 0);
    expect(pace.add(5_000, 40_000)).toBe(100);
    expect(pace.add(5_000, 79_000)).toBe(100);
    expect(pace.add(9_000, 80_000)).toBe(100);
  });
});
