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
  const domain = fromEmail.slice(fromEmail.lastIndexOf('@') + 1);
  const limit = settings.domainLimits?.find((one) => one.domain === domain);
  return [
    ...(campaign.dailyCap ? [capOfCampaign(campaign._id, campaign.dailyCap)] : []),
    ...(limit ? [capOfDomain(limit)] : []),
  ];
}

/** A campaign's own. */
export const capOfCampaign = (campaignId: Types.ObjectId, dailyCap: number): Cap => ({
  key: `campaign:${campaignId}`,
  reason: 'daily_cap',
  dailyCap,
});

/** A sending domain's. */
export const capOfDomain = ({ domain, dailyCap, warmUp }: Business['settings']['domainLimits'][number]): Cap => ({
  key: `domain:${domain}`,
  reason: 'domain_daily_cap',
  dailyCap: dailyCap ?? undefined,
  warmUp: warmUp ?? undefined,
});

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

/** What `limitOf` says where nothing binds: after the last day of a ramp that no daily cap follows. */
export const UNLIMITED = Number.MAX_SAFE_INTEGER;

/**
 * What a cap allows today, by the database's clock and the business's timezone: the ramp's number of the day, whose first
 * also stands for the days before it; after its last day the daily cap alone.
 */
export function limitOf({ dailyCap, warmUp }: Cap): Expression {
  const none = UNLIMITED;
  if (!warmUp) return dailyCap ?? none;
  const parse = (day: Expression) => ({ $dateFromString: { dateString: day, format: '%Y-%m-%d' } });
  const day = { $dateDiff: { startDate: parse(warmUp.startsOn), endDate: parse(dayOf()), unit: 'day' } };
  const ofTheDay = { $arrayElemAt: [[...warmUp.perDay], { $max: [0, day] }] };
  return { $min: [dailyCap ?? none, { $ifNull: [ofTheDay, none] }] };
}
