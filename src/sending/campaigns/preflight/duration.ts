import type { Business } from '../../../models/business.js';
import type { SendQuota } from '../../../ses/account.js';
import { dayIn, daysBetween, secondsLeftOfDay } from '../../../timezones.js';
import type { Cap } from '../../limits/caps.js';

/** Who plans further ahead than this does not need the number. */
const MAX_DAYS = 366;
const DAY_SECONDS = 86_400;

/** How long sending will take, as far as the limits tell. */
export interface Duration {
  /** Without the nights that daily caps put in between. */
  seconds: number;
  /** On how many days something goes out. */
  days: number;
  /** From now until the last message, with everything in between; undefined when that is more than a year. */
  endsInSeconds?: number | undefined;
}

interface Pace {
  ratePerSecond?: number | null | undefined;
  caps: readonly Cap[];
  quota?: SendQuota | undefined;
}

/**
 * What sending so many messages will take by the account's rate, the campaign's own, and the daily caps that it is under.
 * @returns undefined while the account's rate is not known.
 */
export function durationOf(
  recipients: number,
  { ratePerSecond, caps, quota }: Pace,
  business: Pick<Business, 'settings' | 'quota'>,
  now = new Date(),
): Duration | undefined {
  if (!quota || quota.maxPerSecond <= 0) return undefined;
  const rate = Math.min(quota.maxPerSecond, ratePerSecond || Number.POSITIVE_INFINITY);
  const perDay = quota.maxPer24Hours < 0 ? Number.POSITIVE_INFINITY : quota.maxPer24Hours;
  const { timezone } = business.settings;
  const today = dayIn(timezone, now);
  const firstDay = secondsLeftOfDay(timezone, now);
  const seconds = Math.ceil(recipients / rate);
  let days = 0;
  let left = recipients;
  for (let day = 0; day < MAX_DAYS; day += 1) {
    const caught = day === 0 ? firstDay : DAY_SECONDS;
    const allowances = caps.map(
      (cap) => allowanceOf(cap, today, day) - (day === 0 ? usedToday(cap, today, business) : 0),
    );
    const sent = Math.max(0, Math.min(left, perDay, caught * rate, ...allowances));
    if (sent > 0) days += 1;
    left -= sent;
    const begins = day === 0 ? 0 : firstDay + (day - 1) * DAY_SECONDS;
    if (left < 1) return { seconds, days, endsInSeconds: Math.ceil(begins + sent / rate) };
  }
  return { seconds, days };
}

function allowanceOf({ dailyCap, warmUp }: Cap, today: string, daysOn: number): number {
  const ofTheRamp = warmUp?.perDay[Math.max(0, daysBetween(warmUp.startsOn, today) + daysOn)];
  return Math.min(dailyCap ?? Number.POSITIVE_INFINITY, ofTheRamp ?? Number.POSITIVE_INFINITY);
}

function usedToday({ key }: Cap, today: string, { quota }: Pick<Business, 'quota'>): number {
  return quota.day === today ? (quota.days?.find((one) => one.key === key)?.n ?? 0) : 0;
}
