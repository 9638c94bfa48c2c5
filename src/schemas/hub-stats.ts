import { z } from 'zod';
import { BUSINESS_STATUSES } from '../models/business.js';
import { PLANS } from '../plans.js';
import type { Halt } from '../sending/halt.js';
import { operation } from './operation.js';
import { presentSending, SendingView } from './sending.js';

const Depth = z.object({
  active: z.int(),
  waiting: z.int(),
  delayed: z.int().meta({ description: 'Their time has not come: the next slots of the account’s rate, a pause' }),
});

const HubStatsView = z
  .object({
    asOf: z.iso.datetime(),
    businesses: z.object({
      total: z.int(),
      byStatus: z.record(z.enum(BUSINESS_STATUSES), z.int()),
      byPlan: z.record(z.enum(PLANS), z.int()),
    }),
    messages: z.object({
      thisMonth: z.int().meta({ description: 'Sent, or perhaps sent, each in its business’s calendar month' }),
      last24Hours: z.int(),
      unconfirmed: z.int().meta({ description: 'SES may or may not have taken them' }),
    }),
    campaigns: z.object({
      running: z.int(),
      pending: z.int().meta({ description: 'Their recipients that are still to be mailed, as last counted' }),
    }),
    queue: z.object({ campaigns: Depth, messages: Depth }).nullable().meta({
      description: 'Turns, of which a campaign has four, and messages outside campaigns; null while Redis is away',
    }),
    workers: z
      .int()
      .nullable()
      .meta({ description: 'Worker processes connected to the queue; null where Redis does not say' }),
    sending: SendingView,
  })
  .meta({ id: 'HubStats' });

/** The hub as a whole, as it was counted; what Redis does not say is absent. */
export interface HubStats extends Pick<z.output<typeof HubStatsView>, 'businesses' | 'messages' | 'campaigns'> {
  asOf: Date;
  queue?: { campaigns: z.output<typeof Depth>; messages: z.output<typeof Depth> } | undefined;
  workers?: number | undefined;
}

export const GetHubStats = operation({
  summary: 'The hub as a whole',
  description:
    'Counted at `asOf`: at most five seconds ago, or ten times what counting takes. `sending` is as it is at this moment.',
  answer: { stats: HubStatsView },
});

export function presentHubStats(stats: HubStats, halt: Halt): z.output<typeof HubStatsView> {
  const { asOf, businesses, messages, campaigns, queue, workers } = stats;
  return {
    asOf: asOf.toISOString(),
    businesses,
    messages,
    campaigns,
    queue: queue ?? null,
    workers: workers ?? null,
    sending: presentSending(halt),
  };
}
