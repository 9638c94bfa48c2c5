import { z } from 'zod';
import { STATS, type Stat } from '../sending/campaigns/counts.js';

const share = (description: string) => z.number().min(0).max(1).nullable().meta({ description, example: 0.42 });

/** Shares from 0 to 1. */
export const RatesView = z
  .object({
    deliveryRate: share('`delivered` of `sent`'),
    bounceRate: share('`bounced` of `sent`'),
    complaintRate: share('`complained` of `sent`'),
    openRate: share('`opened` of what was sent and did not bounce'),
    clickRate: share('`clicked` of what was sent and did not bounce'),
    unsubscribeRate: share('`unsubscribed` of what was sent and did not bounce'),
    clickToOpenRate: share('`clicked` of `opened`'),
  })
  .meta({
    id: 'Rates',
    description: 'Shares from 0 to 1; null where there is nothing to hold them against. Machines are in none of them',
  });

const numbers = Object.fromEntries(Object.keys(STATS).map((stat) => [stat, z.int()])) as { [stat in Stat]: z.ZodInt };

/** What ever happened. */
export const StatsView = z.object(numbers).meta({
  id: 'Stats',
  description:
    'What ever happened: a bounced message was also sent. Each recipient once, however often he came back; what a machine opened or followed (a mail program’s proxy, a scanner) is counted apart',
});
