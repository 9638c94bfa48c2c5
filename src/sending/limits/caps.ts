import type { Types } from 'mongoose';
import type { Business } from '../../models/business.js';
import type { HoldReason } from '../../models/email-campaign.js';
import type { Expression } from './periods.js';
import { dayOf } from './periods.js';

/** So many messages a day, of whatever has this key. */
export interface Cap {
  key: string;
  /** What its end is called where it stops a campaign. */
  reason: Extract<HoldReason, 'daily_cap' | 'domain_daily_cap'>;
  dailyCap?: number | undefined;
  warmUp?: { startsOn: string; perDay: readonly number[] } | undefined;
}

/** The daily caps that a message from this address is under: its campaign's, and its sending domain's. */
export function capsOf(
  campaign: { _id: Types.ObjectId; dailyCap?: number | null },
  fromEmail: string,
  { settings }: Pick<Business, 'settings'>,
): Cap[] {
  const caps: Cap[] = [];
  if (campaign.dailyCap)
    caps.push({ key: `campaign:${campaign._id}`, reason: 'daily_cap', dailyCap: campaign.dailyCap });
  const domain = fromEmail.slice(fromEmail.lastIndexOf('@') + 1);
  const limit = settings.domainLimits?.find((one) => one.domain === domain);
  if (limit) {
    caps.push({
      key: `domain:${domain}`,
      reason: 'domain_daily_cap',
      dailyCap: limit.dailyCap ?? undefined,
      warmUp: limit.warmUp ?? undefined,
    });
  }
  return caps;
}

/** What is used and reserved of a cap today. */
export const usedOf = ({ key }: Cap): Expression => ({
  $sum: {
    $map: {
      input: { $filter: { input: { $ifNull: ['$quota.days', []] }, as: 'one', cond: { $eq: ['$$one.key', key] } } },
      as: 'one',
      in: '$$one.n',
    },
  },
});

/**
 * What a cap allows today, by the database's clock and the business's timezone: the ramp's number of the day, whose first
 * also stands for the days before it; after its last day the daily cap alone.
 */
export function limitOf({ dailyCap, warmUp }: Cap): Expression {
  const none = Number.MAX_SAFE_INTEGER;
  if (!warmUp) return dailyCap ?? none;
  const parse = (day: Expression) => ({ $dateFromString: { dateString: day, format: '%Y-%m-%d' } });
  const day = { $dateDiff: { startDate: parse(warmUp.startsOn), endDate: parse(dayOf()), unit: 'day' } };
  const ofTheDay = { $arrayElemAt: [[...warmUp.perDay], { $max: [0, day] }] };
  return { $min: [dailyCap ?? none, { $ifNull: [ofTheDay, none] }] };
}
