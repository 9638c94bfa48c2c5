import { describe, expect, it } from 'vitest';
import { forecastOf, type Usage } from '../../../src/sending/limits/usage.js';

const month = {
  startsAt: new Date('2026-06-01T00:00:00Z'),
  endsAt: new Date('2026-07-01T00:00:00Z'),
  limit: 3_000,
  used: 0,
  reserved: 0,
} as Usage;
const on = (day: number, changes: Partial<Usage>): Usage => ({
  ...month,
  now: new Date(month.startsAt.getTime() + day * 86_400_000),
  ...changes,
});

describe('the month’s forecast', () => {
  it('goes on as the month began, and says when the limit is reached', () => {
    expect(forecastOf(on(10, { used: 990, reserved: 10 }))).toEqual({ messages: 3_000, limitReachedAt: null });
    expect(forecastOf(on(10, { used: 2_000 }))).toEqual({
      messages: 6_000,
      limitReachedAt: new Date('2026-06-16T00:00:00Z'),
    });
  });

  it('says nothing of the month’s first day, and expects nothing of one without mail', () => {
    expect(forecastOf(on(0.99, { used: 100 }))).toBeNull();
    expect(forecastOf(on(5, {}))).toEqual({ messages: 0, limitReachedAt: null });
  });

  it('has reached a limit that is used up', () => {
    const full = on(12, { used: 3_000 });
    expect(forecastOf(full)).toEqual({ messages: 7_500, limitReachedAt: full.now });
    expect(forecastOf(on(12, { limit: 0 }))?.limitReachedAt).toEqual(full.now);
  });
});
