import type { Business } from '../../../models/business.js';
import type { SendQuota } from '../../../ses/account.js';
import { dayIn, daysBetween } from '../../../timezones.js';
import type { Cap } from '../../limits/caps.js';

/** Who plans further ahead than this does not need the number. */
const MAX_DAYS = 366;

/** How long sending will take, as far as the limits tell. */
export interface Duration {
  /** At the rate, without the nights that daily caps put in between. */
  seconds: number;
  /** On how many days something goes out. */
  days: number;
}

/**
 * What sending so many messages will take by the account's rate, the campaign's own, and the daily caps that it is under.
 * @returns undefined while the account's rate is not known.
 */
export function durationOf(
  recipients: number,
  {
    ratePerSecond,
    caps,
    quota,
  }: { ratePerSecond?: number | null | undefined; caps: readonly Cap[]; quota?: SendQuota | undefined },
  business: Pick<Business, 'settings' | 'quota'>,
): Duration | undefined {
  if (!quota || quota.maxPerSecond <= 0) return undefined;
  const rate = Math.min(quota.maxPerSecond, ratePerSecond || Number.POSITIVE_INFINITY);
  const perDay = quota.maxPer24Hours < 0 ? Number.POSITIVE_INFINITY : quota.maxPer24Hours;
  const today = dayIn(business.settings.timezone);
  let days = 0;
  for (let left = recipients; left > 0 && days < MAX_DAYS; days += 1) {
    const allowances = caps.map(
      (cap) => allowanceOf(cap, today, days) - (days === 0 ? usedToday(cap, today, business) : 0),
    );
    left -= Math.max(0, Math.min(perDay, ...allowances));
  }
  return { seconds: Math.ceil(recipients / rate), days };
}

function allowanceOf({ dailyCap, warmUp }: Cap, today: string, daysOn: number): number {
  const ofTheRamp = warmUp?.perDay[Math.max(0, daysBetween(warmUp.startsOn, today) + daysOn)];
  return Math.min(dailyCap ?? Number.POSITIVE_INFINITY, ofTheRamp ?? Number.POSITIVE_INFINITY);
}

function usedToday({ key }: Cap, today: string, { quota }: Pick<Business, 'quota'>): number {
  return quota.day === today ? (quota.days?.find((one) => one.key === key)?.n ?? 0) : 0;
}
