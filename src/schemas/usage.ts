import type { Types } from 'mongoose';
import { z } from 'zod';
import { UNLIMITED } from '../sending/limits/caps.js';
import { forecastOf, type Usage } from '../sending/limits/usage.js';
import { Id, operation } from './operation.js';

const UsageView = z
  .object({
    period: z.string().meta({ description: 'The calendar month in the business’s timezone', example: '2026-12' }),
    limit: z.int(),
    used: z.int().meta({ description: 'Sent, or perhaps sent' }),
    reserved: z.int().meta({ description: 'Taken for what is being sent just now; what is not needed comes back' }),
    remaining: z.int(),
    remainingForCampaigns: z.int().meta({
      description: 'A little is kept for transactional mail, where the business sends any',
    }),
    resetsAt: z.iso.datetime().meta({ description: 'When the next month begins' }),
    forecast: z
      .object({
        messages: z.int().meta({ description: 'Of the whole month, if it goes on as it began' }),
        limitReachedAt: z.iso.datetime().nullable().meta({ description: 'null: not this month' }),
      })
      .nullable()
      .meta({ description: 'null on the first day of a month' }),
    today: z.object({
      day: z.iso.date(),
      endsAt: z.iso.datetime(),
      caps: z
        .array(
          z.object({
            domain: z.string().nullable(),
            campaign: Id.nullable(),
            limit: z.int().nullable().meta({ description: 'null: nothing binds today' }),
            used: z.int().meta({ description: 'Sent today, and reserved for what is being sent' }),
          }),
        )
        .meta({ description: 'The daily caps of sending domains, and of campaigns under way' }),
    }),
  })
  .meta({ id: 'Usage' });

export const BusinessUsage = operation({
  summary: 'What of the month and of today is used',
  answer: { usage: UsageView },
});

/** A business's month and day for their reader. @param capped what each of the caps is about. */
export function presentUsage(
  usage: Usage & { capped: readonly { domain?: string; campaign?: Types.ObjectId }[] },
): z.output<typeof UsageView> {
  const { period, limit, used, reserved, campaignLimit, endsAt, day, dayEndsAt, caps, capped } = usage;
  const left = (of: number) => Math.max(0, of - used - reserved);
  const forecast = forecastOf(usage);
  return {
    ...{ period, limit, used, reserved },
    remaining: left(limit),
    remainingForCampaigns: left(campaignLimit),
    resetsAt: endsAt.toISOString(),
    forecast: forecast && {
      messages: forecast.messages,
      limitReachedAt: forecast.limitReachedAt?.toISOString() ?? null,
    },
    today: {
      day,
      endsAt: dayEndsAt.toISOString(),
      caps: caps.map(({ allowed, used }, n) => ({
        domain: capped[n]?.domain ?? null,
        campaign: capped[n]?.campaign?.toHexString() ?? null,
        limit: allowed >= UNLIMITED ? null : allowed,
        used,
      })),
    },
  };
}
