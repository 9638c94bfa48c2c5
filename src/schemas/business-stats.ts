import { z } from 'zod';
import type { Stat } from '../sending/campaigns/counts.js';
import { ratesOf } from '../sending/rates.js';
import { daysBetween } from '../timezones.js';
import { operation } from './operation.js';
import { RatesView, StatsView } from './rates.js';

const MAX_DAYS = 366;

const Day = z.iso.date('must be a day such as 2026-12-24').meta({ example: '2026-12-24' });

const BusinessStatsView = z
  .object({
    from: Day,
    to: Day,
    timezone: z.string().meta({ example: 'Europe/Berlin' }),
    asOf: z.iso
      .datetime()
      .meta({ description: 'No number is older than this; those of long ago are counted more seldom' }),
    totals: StatsView,
    rates: RatesView,
    series: z.array(z.object({ day: Day, ...StatsView.shape })).meta({ description: 'Day by day; sums to the totals' }),
  })
  .meta({ id: 'BusinessStats' });

export const BusinessStats = operation({
  summary: 'What became of what the business sent in a period',
  description:
    'Of all its messages, campaigns’ and others, tests among them. Each counts to the day on which it was sent, also what was opened later: so a rate is a share of the same messages. 503 `unavailable` with a `Retry-After` while a long period is counted for the first time: asking again goes on with it.',
  query: z
    .strictObject({
      from: Day.optional().meta({
        description: 'The first day, in the business’s timezone; 30 days where it is absent',
      }),
      to: Day.optional().meta({ description: `The last day, within ${MAX_DAYS} days; today where it is absent` }),
    })
    .superRefine(({ from, to }, ctx) => {
      if (!from || !to) return;
      const length = daysBetween(from, to) + 1;
      if (length < 1) ctx.addIssue({ code: 'custom', path: ['to'], message: 'must not be before from' });
      if (length > MAX_DAYS) {
        ctx.addIssue({ code: 'custom', path: ['to'], message: `must be within ${MAX_DAYS} days of from` });
      }
    }),
  answer: { stats: BusinessStatsView },
});

type Numbers = Record<Stat, number>;

/** A period's numbers for their reader. */
export function presentBusinessStats({
  from,
  to,
  timezone,
  asOf,
  totals,
  days,
}: {
  from: string;
  to: string;
  timezone: string;
  asOf: Date;
  totals: Numbers;
  days: readonly { day: string; stats: Numbers }[];
}): z.output<typeof BusinessStatsView> {
  return {
    ...{ from, to, timezone, totals },
    asOf: asOf.toISOString(),
    rates: ratesOf(totals),
    series: days.map(({ day, stats }) => ({ day, ...stats })),
  };
}
