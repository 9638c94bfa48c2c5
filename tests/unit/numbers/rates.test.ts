import { describe, expect, it } from 'vitest';
import { STATS, type Stat } from '../../../src/sending/campaigns/counts.js';
import { ratesOf } from '../../../src/sending/rates.js';

const none = Object.fromEntries(Object.keys(STATS).map((stat) => [stat, 0])) as Record<Stat, number>;

describe('rates', () => {
  it('are null where there is nothing to hold them against, each for itself', () => {
    expect(new Set(Object.values(ratesOf(none)))).toEqual(new Set([null]));
    expect(ratesOf({ ...none, sent: 2, bounced: 2 })).toMatchObject({ bounceRate: 1, openRate: null, deliveryRate: 0 });
    expect(ratesOf({ ...none, sent: 4, opened: 1 })).toMatchObject({ openRate: 0.25, clickToOpenRate: 0 });
  });

  it('hold openers against what did not bounce, and know no machines', () => {
    const rates = ratesOf({
      ...none,
      sent: 10,
      bounced: 2,
      opened: 4,
      clicked: 1,
      machineOpened: 8,
      machineClicked: 8,
    });
    expect(rates).toMatchObject({ openRate: 0.5, clickRate: 0.125, clickToOpenRate: 0.25 });
  });

  it('are shares: never more than 1, to six digits', () => {
    expect(ratesOf({ ...none, sent: 3, bounced: 2, opened: 2 }).openRate).toBe(1);
    expect(ratesOf({ ...none, sent: 3, delivered: 1 }).deliveryRate).toBe(0.333333);
  });
});
