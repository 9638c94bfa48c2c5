import type { Types } from 'mongoose';
import { logger } from '../logger.js';
import { BUSINESS_STATUSES, BusinessModel } from '../models/business.js';
import { BY_SENT_AT, DeliveryModel, IN_DOUBT, TESTS_BY_SENT_AT } from '../models/delivery.js';
import { EmailCampaignModel } from '../models/email-campaign.js';
import { PLANS } from '../plans.js';
import { readQueues } from '../queue/queues.js';
import type { HubStats } from '../schemas/hub-stats.js';
import { sentThisMonth } from '../sending/limits/month.js';
import { monthOf } from '../sending/limits/periods.js';

/** The numbers hold for so long in a process, in ms; counting takes at most one part in so many of the time. */
const FRESH_MS = 5_000;
const SHARE = 10;

const DAY_MS = 86_400_000;

type Numbers<T extends string> = Record<T, number>;

let last: { until: number; stats: Promise<HubStats> } | undefined;

/** The hub's numbers: at most five seconds old, or ten times what it took to count them. */
export function read(): Promise<HubStats> {
  const now = performance.now();
  if (last && now < last.until) return last.stats;
  const current = { until: Number.POSITIVE_INFINITY, stats: count() };
  last = current;
  current.stats.then(
    () => {
      current.until = performance.now() + Math.max(FRESH_MS, SHARE * (performance.now() - now));
    },
    () => {
      if (last === current) last = undefined;
    },
  );
  return current.stats;
}

async function count(): Promise<HubStats> {
  const asOf = new Date();
  const [tenants, campaigns, unconfirmed, queues] = await Promise.all([
    countBusinesses(asOf),
    countRunning(),
    DeliveryModel.countDocuments({ status: 'unconfirmed' }).hint(IN_DOUBT),
    readQueues().catch((err: unknown) => {
      logger().warn({ err }, 'the queues cannot be read');
      return undefined;
    }),
  ]);
  const { businesses, thisMonth, senders } = tenants;
  return {
    asOf,
    businesses,
    messages: { thisMonth, last24Hours: await countSent(senders, asOf), unconfirmed },
    campaigns,
    queue: queues && { campaigns: queues.campaigns, messages: queues.messages },
    workers: queues?.workers,
  };
}

/** One walk over the businesses. `senders` are those that may have sent something in the last 24 hours. */
async function countBusinesses(now: Date) {
  const month = monthOf(new Date(now.getTime() - DAY_MS));
  const isSender = { $gte: [{ $ifNull: ['$quota.period', ''] }, month] };
  const groups = await BusinessModel.aggregate<{
    _id: { status: (typeof BUSINESS_STATUSES)[number]; plan: (typeof PLANS)[number] };
    n: number;
    thisMonth: number;
    senders: Types.ObjectId[];
  }>([
    {
      $group: {
        _id: { status: '$status', plan: '$subscription.plan' },
        n: { $sum: 1 },
        thisMonth: { $sum: sentThisMonth },
        senders: { $push: { $cond: [isSender, '$_id', '$$REMOVE'] } },
      },
    },
  ]);
  const sum = (of: typeof groups, number: 'n' | 'thisMonth') => of.reduce((total, one) => total + one[number], 0);
  const where = (is: (id: (typeof groups)[number]['_id']) => boolean) =>
    sum(
      groups.filter(({ _id }) => is(_id)),
      'n',
    );
  const numbers = <T extends string>(names: readonly T[], of: (name: T) => number) =>
    Object.fromEntries(names.map((name) => [name, of(name)])) as Numbers<T>;
  return {
    businesses: {
      total: sum(groups, 'n'),
      byStatus: numbers(BUSINESS_STATUSES, (name) => where(({ status }) => status === name)),
      byPlan: numbers(PLANS, (name) => where(({ plan }) => plan === name)),
    },
    thisMonth: sum(groups, 'thisMonth'),
    senders: groups.flatMap(({ senders }) => senders),
  };
}

/** By each business's own index, as the guard counts, and in the index alone: no other costs a message's write. */
async function countSent(businessIds: readonly Types.ObjectId[], now: Date): Promise<number> {
  if (businessIds.length === 0) return 0;
  const since = new Date(now.getTime() - DAY_MS);
  const sent = { business: { $in: [...businessIds] }, sentAt: { $gte: since } };
  const [all, tests] = await Promise.all([
    DeliveryModel.countDocuments(sent).hint(BY_SENT_AT),
    DeliveryModel.countDocuments({ ...sent, isTest: true }).hint(TESTS_BY_SENT_AT),
  ]);
  return all - tests;
}

async function countRunning(): Promise<HubStats['campaigns']> {
  const [found] = await EmailCampaignModel.aggregate<HubStats['campaigns']>([
    { $match: { status: 'sending' } },
    { $group: { _id: null, running: { $sum: 1 }, pending: { $sum: '$counts.states.pending' } } },
    { $project: { _id: 0 } },
  ]);
  return found ?? { running: 0, pending: 0 };
}
