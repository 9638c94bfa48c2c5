import type { Types } from 'mongoose';
import { notFound } from '../../errors.js';
import { BusinessModel } from '../../models/business.js';
import { type Cap, limitOf, usedOf } from './caps.js';
import { bulkLimit, limit, turns, used } from './month.js';
import { dayOf, monthOf } from './periods.js';

/** A business's month and day at one moment, by the database's clock and the business's timezone. */
export interface Usage {
  now: Date;
  /** `2026-11`. */
  period: string;
  startsAt: Date;
  endsAt: Date;
  limit: number;
  /** Sent, or perhaps sent. */
  used: number;
  /** Taken for what is being sent just now; what is not needed comes back. */
  reserved: number;
  /** What of the limit campaigns may use; the rest is kept for transactional mail. */
  campaignLimit: number;
  /** `2026-11-24`. */
  day: string;
  dayEndsAt: Date;
  caps: { allowed: number; used: number }[];
}

const timezone = '$settings.timezone';
const start = (unit: 'month' | 'day') => ({ $dateTrunc: { date: '$$NOW', unit, timezone } });
const end = (unit: 'month' | 'day') => ({ $dateAdd: { startDate: start(unit), unit, amount: 1, timezone } });

/**
 * What a business has used of its month, and today of these caps.
 * @throws AppError `not_found`.
 */
export async function usage(businessId: Types.ObjectId, caps: readonly Cap[]): Promise<Usage> {
  const found = (await usages([businessId], caps)).get(businessId.toHexString());
  if (!found) throw notFound('business');
  return found;
}

/** The same of several, by their ids as hex. */
export async function usages(
  businessIds: readonly Types.ObjectId[],
  caps: readonly Cap[] = [],
): Promise<Map<string, Usage>> {
  const ofThisMonth = {
    $filter: { input: { $ifNull: ['$quota.reservations', []] }, cond: { $eq: ['$$this.period', monthOf()] } },
  };
  const isToday = { $eq: ['$quota.day', dayOf()] };
  const found = await BusinessModel.aggregate<Usage & { _id: Types.ObjectId; spent: number }>([
    { $match: { _id: { $in: [...businessIds] } } },
    {
      $project: {
        now: '$$NOW',
        period: monthOf(),
        startsAt: start('month'),
        endsAt: end('month'),
        limit,
        spent: { $cond: [turns, 0, used] },
        reserved: { $sum: { $map: { input: ofThisMonth, in: '$$this.n' } } },
        campaignLimit: bulkLimit,
        day: dayOf(),
        dayEndsAt: end('day'),
        caps: caps.map((cap) => ({ allowed: limitOf(cap), used: { $cond: [isToday, usedOf(cap), 0] } })),
      },
    },
  ]);
  return new Map(
    found.map(({ _id, spent, ...rest }) => [_id.toHexString(), { ...rest, used: Math.max(0, spent - rest.reserved) }]),
  );
}

const DAY_MS = 86_400_000;

/** What the month comes to if it goes on as it began. */
export interface Forecast {
  messages: number;
  /** When the limit is reached; null where it is not, this month. */
  limitReachedAt: Date | null;
}

/** Linear, from the month so far; nothing before a day of it is past, for a minute says nothing of a month. Pure. */
export function forecastOf({ now, startsAt, endsAt, limit, used, reserved }: Usage): Forecast | null {
  const elapsed = now.getTime() - startsAt.getTime();
  if (elapsed < DAY_MS) return null;
  const spent = used + reserved;
  const messages = Math.round((spent * (endsAt.getTime() - startsAt.getTime())) / elapsed);
  if (spent >= limit) return { messages, limitReachedAt: now };
  const reachedAt = startsAt.getTime() + (elapsed * limit) / spent;
  return { messages, limitReachedAt: reachedAt < endsAt.getTime() ? new Date(reachedAt) : null };
}
