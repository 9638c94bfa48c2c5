import { describe, expect, it } from 'vitest';
import type { Business } from '../../../src/models/business.js';
import { durationOf } from '../../../src/sending/campaigns/preflight/duration.js';
import type { Cap } from '../../../src/sending/limits/caps.js';
import { dayIn } from '../../../src/timezones.js';

const noon = new Date('2026-11-24T12:00:00Z');
const today = dayIn('UTC', noon);
const business = (quota: object = {}) =>
  ({ settings: { timezone: 'UTC' }, quota: { reservations: [], ...quota } }) as unknown as Business;
const quota = { maxPerSecond: 10, maxPer24Hours: -1, sentLast24Hours: 0 };
const cap = (fields: Partial<Cap>): Cap => ({ key: 'domain:x.com', reason: 'domain_daily_cap', ...fields });

describe('how long a campaign takes', () => {
  it('goes by the slower of the two rates', () => {
    expect(durationOf(1_000, { caps: [], quota }, business(), noon)).toEqual({
      seconds: 100,
      days: 1,
      endsInSeconds: 100,
    });
    expect(durationOf(1_000, { ratePerSecond: 4, caps: [], quota }, business())?.seconds).toBe(250);
    expect(durationOf(1_000, { ratePerSecond: 40, caps: [], quota }, business())?.seconds).toBe(100);
  });

  it('is not known without the account’s rate', () => {
    expect(durationOf(1_000, { caps: [], quota: undefined }, business())).toBeUndefined();
  });

  it('counts the days of caps, a ramp, and the account’s own day', () => {
    const days = (caps: Cap[], fields: object = {}, used: object = {}) =>
      durationOf(1_000, { caps, quota: { ...quota, ...fields } }, business(used), noon)?.days;
    expect(days([cap({ dailyCap: 300 })])).toBe(4);
    expect(days([cap({ dailyCap: 300 })], {}, { day: today, days: [{ key: 'domain:x.com', n: 299 }] })).toBe(5);
    expect(days([cap({ dailyCap: 300 })], {}, { day: '2001-01-01', days: [{ key: 'domain:x.com', n: 299 }] })).toBe(4);
    expect(days([cap({ warmUp: { startsOn: today, perDay: [100, 200, 300] } })])).toBe(4);
    expect(days([], { maxPer24Hours: 250 })).toBe(4);
    expect(days([cap({ dailyCap: 1 })])).toBe(366);
    // A day on which nothing is left does not count.
    expect(days([cap({ dailyCap: 500 })], {}, { day: today, days: [{ key: 'domain:x.com', n: 500 }] })).toBe(2);
  });

  it('tells when the last message goes out, with the nights in between', () => {
    const ends = (n: number, fields: object) => durationOf(n, { caps: [], quota, ...fields }, business(), noon);
    // From noon until midnight 43,200 s: at 10 a second 432,000 messages.
    expect(ends(432_010, {})).toMatchObject({ days: 2, endsInSeconds: 43_201 });
    expect(ends(600, { caps: [cap({ dailyCap: 300 })] })).toMatchObject({ days: 2, endsInSeconds: 43_200 + 30 });
    expect(ends(1_000, { ratePerSecond: 0.01 })).toMatchObject({ seconds: 100_000, days: 2, endsInSeconds: 100_000 });
    expect(ends(100_000, { caps: [cap({ dailyCap: 1 })] })?.endsInSeconds).toBeUndefined();
  });
});
