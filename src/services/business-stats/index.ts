import type { z } from 'zod';
import { AppError } from '../../errors.js';
import type { BusinessStats } from '../../schemas/business-stats.js';
import { STATS, type Stat } from '../../sending/campaigns/counts.js';
import { midnights } from '../../sending/limits/periods.js';
import type { Tenant } from '../../tenant.js';
import { dayAfter, dayIn, daysBetween } from '../../timezones.js';
import * as businesses from '../businesses.js';
import { countDay, countedDays, type Day, type DayStats, firstSentAt } from './count.js';
import { isOld } from './fresh.js';

const DEFAULT_DAYS = 30;

/** An answer counts for so long, in ms, at most; what it has counted is kept for the next one. */
const BUDGET_MS = 5_000;

/** Days counted at the same time. */
const LANES = 4;

/** What became of the messages that a business sent in a period. */
export interface BusinessNumbers {
  from: string;
  to: string;
  timezone: string;
  /** Nothing of it was counted before this. */
  asOf: Date;
  totals: DayStats;
  days: { day: string; stats: DayStats }[];
}

const ZERO = Object.fromEntries(Object.keys(STATS).map((stat) => [stat, 0])) as DayStats;

/**
 * What became of what the tenant sent within these days of its timezone, each message counted to the day it was sent: so rates
 * are shares of the same messages, and a period is borne by one index.
 * @param budgetMs how long it may count.
 * @throws AppError `unavailable` with a Retry-After where there is more to count than that; the next call goes on.
 */
export async function stats(
  tenant: Tenant,
  asked: z.output<typeof BusinessStats.query>,
  budgetMs = BUDGET_MS,
): Promise<BusinessNumbers> {
  const { timezone } = (await businesses.get(tenant.businessId)).settings;
  const to = asked.to ?? (asked.from ? lastOf(asked.from, timezone) : dayIn(timezone));
  const from = asked.from ?? dayAfter(to, 1 - DEFAULT_DAYS);
  const length = daysBetween(from, to) + 1;
  const edges = await midnights(from, length, timezone);
  const counted = await countsOf(tenant, toDays(edges), budgetMs);
  const days = edges.slice(0, -1).map((at, n) => ({
    day: dayAfter(from, n),
    stats: counted.get(at.getTime())?.stats ?? ZERO,
  }));
  const asOf = [...counted.values()].reduce((oldest, one) => (one.asOf < oldest ? one.asOf : oldest), new Date());
  return { from, to, timezone, asOf, totals: sumOf(days), days };
}

/** Until today, where that is no more than the default; of days to come the first. */
function lastOf(from: string, timezone: string): string {
  const today = dayIn(timezone);
  if (from >= today) return from;
  const last = dayAfter(from, DEFAULT_DAYS - 1);
  return today < last ? today : last;
}

const toDays = (edges: readonly Date[]): Day[] => edges.slice(1).map((to, n) => ({ from: edges[n] ?? to, to }));

/** The counts of those days on which something may have been sent, by their beginning in ms. */
async function countsOf(tenant: Tenant, days: readonly Day[], budgetMs: number) {
  const deadline = performance.now() + budgetMs;
  const first = await firstSentAt(tenant);
  const now = new Date();
  const sending = days.filter(({ from, to }) => first && to > first && from <= now);
  const counted = await countedDays(tenant, sending);
  const known = (day: Day) => counted.get(day.from.getTime());
  const missing = sending.filter((day) => !known(day));
  const old = [...counted.values()].filter((count) => isOld(count, now)).map(({ from, to }) => ({ from, to }));
  // The newest first, and first of all what has no number yet.
  const waiting = [...missing.reverse(), ...old.reverse()];
  const lane = async () => {
    while (waiting.length > 0 && performance.now() < deadline) {
      const day = waiting.shift();
      if (day) counted.set(day.from.getTime(), await countDay(tenant, day));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const left = sending.filter((day) => !known(day)).length;
  if (left === 0) return counted;
  const message = `${sending.length - left} of ${sending.length} days are counted; ask again, and the rest will be`;
  throw new AppError('unavailable', 503, message, { retryAfterSeconds: 1 });
}

function sumOf(days: BusinessNumbers['days']): DayStats {
  const sum = (stat: Stat) => days.reduce((total, { stats }) => total + stats[stat], 0);
  return Object.fromEntries(Object.keys(STATS).map((stat) => [stat, sum(stat as Stat)])) as DayStats;
}
