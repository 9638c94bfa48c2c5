import { describe, expect, it } from 'vitest';
import { GUARD_DEFAULTS } from '../../../src/models/business.js';
import { verdict } from '../../../src/sending/upkeep/guard.js';

describe('the verdict of the guard', () => {
  it.each([
    ['nobody harmed', { sent: 5_000, bounced: 0, complained: 0 }, undefined],
    ['too few sent to tell', { sent: 999, bounced: 500, complained: 50 }, undefined],
    ['5 % bounced', { sent: 1_000, bounced: 50, complained: 0 }, undefined],
    [
      'more than 5 % bounced',
      { sent: 1_000, bounced: 51, complained: 0 },
      '51 of 1000 messages bounced: 5.10 %, more than 5 %',
    ],
    ['two complaints', { sent: 1_000, bounced: 0, complained: 2 }, undefined],
    ['0.1 % complaints', { sent: 3_000, bounced: 0, complained: 3 }, undefined],
    [
      'more than 0.1 % complaints',
      { sent: 2_999, bounced: 0, complained: 3 },
      '3 of 2999 messages were complained of: 0.10 %, more than 0.1 %',
    ],
  ])('%s', (_what, reputation, expected) => {
    expect(verdict(reputation, GUARD_DEFAULTS)).toBe(expected);
  });

  it('goes by the settings of the business', () => {
    const reputation = { sent: 100, bounced: 3, complained: 0 };
    const limits = { ...GUARD_DEFAULTS, minOutcomes: 100 };
    expect(verdict(reputation, { ...limits, maxBouncePercent: 2 })).toContain('more than 2 %');
    expect(verdict(reputation, limits)).toBeUndefined();
  });
});
