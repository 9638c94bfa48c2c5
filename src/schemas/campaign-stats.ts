import { z } from 'zod';
import { DELIVERY_STATUSES } from '../models/delivery.js';
import type { Report } from '../sending/campaigns/report.js';
import { SERIES, type SeriesStat } from '../sending/campaigns/report-pipeline.js';
import { ratesOf } from '../sending/rates.js';
import { ById, operation, Timestamp } from './operation.js';
import { RatesView, StatsView } from './rates.js';

/** The series of one answer is at most so long. */
export const MAX_SERIES_DAYS = 31;

const States = z
  .object(
    Object.fromEntries(DELIVERY_STATUSES.map((status) => [status, z.int()])) as {
      [status in (typeof DELIVERY_STATUSES)[number]]: z.ZodInt;
    },
  )
  .meta({ id: 'CampaignStates', description: 'Each recipient once, by where it is now; sums to the total' });

const HourView = z
  .object({
    at: z.iso.datetime().meta({ description: 'When the hour begins, in UTC' }),
    ...(Object.fromEntries(SERIES.map((stat) => [stat, z.int()])) as { [stat in SeriesStat]: z.ZodInt }),
  })
  .meta({ id: 'CampaignHour' });

const CampaignStatsView = z
  .object({
    asOf: z.iso.datetime(),
    total: z.int(),
    states: States,
    stats: StatsView,
    rates: RatesView,
    series: z
      .array(HourView)
      .meta({ description: 'Hour by hour, by when it happened; a recipient counts at his first time' }),
    topLinks: z
      .array(
        z.object({
          url: z.string().meta({ description: 'As the campaign has it, with its variables' }),
          clicks: z.int().meta({ description: 'Recipients who followed it' }),
        }),
      )
      .meta({ description: 'The 20 links that most recipients followed' }),
    bounceReasons: z
      .array(
        z.object({
          code: z.string().meta({ description: 'SES’s kind of bounce', example: 'General' }),
          status: z.string().nullable().meta({
            description: 'The enhanced status code that the receiver named (RFC 3463)',
            example: '5.1.1',
          }),
          count: z.int(),
          example: z.string().nullable().meta({ description: 'What one of the receivers said' }),
        }),
      )
      .meta({ description: 'Why recipients are `bounced`: the 20 most frequent' }),
  })
  .meta({ id: 'CampaignStats' });

const time = (description: string) =>
  Timestamp.transform((text) => new Date(text))
    .optional()
    .meta({ description });

export const CampaignStats = operation({
  summary: 'Read what became of a campaign’s recipients',
  description:
    'Counted in the ledger at `asOf`, at most a second ago for all but long lists: reading the ledger takes a tenth of the time at most.',
  params: ById,
  query: z
    .strictObject({
      from: time('Where the series begins, at the full hour; with the first message where it is absent'),
      to: time(`Where the series ends, at most ${MAX_SERIES_DAYS} days later; now where it is absent`),
    })
    .superRefine(({ from, to }, ctx) => {
      // What is no time has been told already, and is still the text that it was.
      if (!(from instanceof Date && to instanceof Date)) return;
      const ms = to.getTime() - from.getTime();
      if (ms <= 0) ctx.addIssue({ code: 'custom', path: ['to'], message: 'must be after from' });
      if (ms <= MAX_SERIES_DAYS * 86_400_000) return;
      ctx.addIssue({ code: 'custom', path: ['to'], message: `must be at most ${MAX_SERIES_DAYS} days after from` });
    }),
  answer: { stats: CampaignStatsView },
});

/** A campaign's numbers for their reader. */
export function presentCampaignStats(report: Report): z.output<typeof CampaignStatsView> {
  const { asOf, total, states, stats, hours, links, bounces } = report;
  return {
    asOf: asOf.toISOString(),
    total,
    states,
    stats,
    rates: ratesOf(stats),
    series: hours.map(({ at, happened }) => ({ at: at.toISOString(), ...NONE, ...happened })),
    topLinks: links.map(({ url, clicks }) => ({ url, clicks })),
    bounceReasons: bounces.map(({ code, status, count, example }) => ({
      code,
      status: status ?? null,
      count,
      example: example ?? null,
    })),
  };
}

const NONE = Object.fromEntries(SERIES.map((stat) => [stat, 0])) as Record<SeriesStat, number>;
