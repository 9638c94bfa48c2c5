import type { Types } from 'mongoose';
import { logger } from '../../logger.js';
import { type Business, BusinessModel, GUARD_DEFAULTS } from '../../models/business.js';
import { DeliveryModel, TESTS_BY_SENT_AT } from '../../models/delivery.js';
import { type EmailCampaign, EmailCampaignModel } from '../../models/email-campaign.js';
import type { Counts } from '../campaigns/counts.js';
import { pause } from '../campaigns/moves.js';

const WEEK_MS = 7 * 86_400_000;

/** Fewer complaints than this prove nothing, whatever their share. */
const MIN_COMPLAINTS = 3;

/** Of a week's messages no more are counted than this, in any case. */
const COUNTED = 10_000_000;

/** Bounces and complaints that count against the sender, and what was sent meanwhile. */
export interface Reputation {
  bounced: number;
  complained: number;
  sent: number;
}

type Limits = typeof GUARD_DEFAULTS;

const limitsOf = ({ settings }: Pick<Business, 'settings'>): Limits => ({ ...GUARD_DEFAULTS, ...settings.guard });

/** Why the guard pauses, or undefined. Pure. */
export function verdict(
  { bounced, complained, sent }: Reputation,
  { maxBouncePercent, maxComplaintPercent, minOutcomes }: Limits,
): string | undefined {
  if (sent < minOutcomes) return undefined;
  const share = (n: number) => (n / sent) * 100;
  const says = (n: number, what: string, limit: number) =>
    `${n} of ${sent} messages ${what}: ${share(n).toFixed(2)} %, more than ${limit} %`;
  if (share(bounced) > maxBouncePercent) return says(bounced, 'bounced', maxBouncePercent);
  if (complained >= MIN_COMPLAINTS && share(complained) > maxComplaintPercent) {
    return says(complained, 'were complained of', maxComplaintPercent);
  }
  return undefined;
}

type Running = Pick<EmailCampaign, '_id' | 'business' | 'guard' | 'launchedAt' | 'counts'>;

/**
 * Pauses running campaigns whose recipients bounce or complain too often, and all of a business where that holds for its
 * rolling week.
 * @returns how many were paused.
 */
export async function guard(): Promise<number> {
  const running = await EmailCampaignModel.find(
    { status: 'sending' },
    { business: 1, guard: 1, launchedAt: 1, counts: 1 },
  ).lean<Running[]>();
  const byBusiness = new Map<string, Running[]>();
  for (const campaign of running) {
    const id = campaign.business.toHexString();
    byBusiness.set(id, [...(byBusiness.get(id) ?? []), campaign]);
  }
  let paused = 0;
  for (const campaigns of byBusiness.values()) paused += await guardBusiness(campaigns);
  return paused;
}

async function guardBusiness(campaigns: readonly Running[]): Promise<number> {
  const [first] = campaigns;
  if (!first || !(await DeliveryModel.exists({ business: first.business, harmedAt: { $exists: true } }))) return 0;
  const business = await BusinessModel.findById(first.business, { settings: 1, guardSince: 1 }).lean<Business>();
  if (!business) return 0;
  const week = verdict(await weekOf(business), limitsOf(business));
  let paused = 0;
  for (const campaign of campaigns) {
    const own = week ? undefined : verdict(await reputationOf(campaign), limitsOf(business));
    const message = week ? `Over the last week, ${week}` : own && `Of this campaign, ${own}`;
    if (!message || !(await pause(campaign._id, 'reputation', message))) continue;
    logger().warn({ campaignId: campaign._id, businessId: business._id, message }, 'the guard paused a campaign');
    paused += 1;
  }
  return paused;
}

async function reputationOf({ _id, business, guard, launchedAt, counts }: Running): Promise<Reputation> {
  const since = guard?.since ?? launchedAt ?? new Date(0);
  const harms = await harmsOf({ business, harmedAt: { $gte: since }, sentAt: { $gte: since }, campaign: _id });
  const { sent = 0 } = (counts as Counts | null | undefined)?.stats ?? {};
  return { ...harms, sent: sent - (guard?.sentBefore ?? 0) };
}

async function weekOf(business: Business): Promise<Reputation> {
  const { _id, guardSince } = business;
  const weekAgo = new Date(Date.now() - WEEK_MS);
  const since = guardSince && guardSince > weekAgo ? guardSince : weekAgo;
  const harms = await harmsOf({ business: _id, harmedAt: { $gte: since }, sentAt: { $gte: since } });
  // Of a large sender not all is counted: from so many on, what harmed is too small a share.
  const sent = { business: _id, sentAt: { $gte: since } };
  const tests = await DeliveryModel.countDocuments({ ...sent, isTest: true })
    .hint(TESTS_BY_SENT_AT)
    .limit(COUNTED);
  const all = await DeliveryModel.countDocuments(sent).limit(tests + harmlessFrom(harms, limitsOf(business)));
  return { ...harms, sent: all - tests };
}

function harmlessFrom({ bounced, complained }: Pick<Reputation, 'bounced' | 'complained'>, limits: Limits): number {
  const forBounces = (bounced * 100) / limits.maxBouncePercent;
  const forComplaints = (complained * 100) / limits.maxComplaintPercent;
  return Math.min(COUNTED, Math.ceil(Math.max(forBounces, forComplaints, limits.minOutcomes)) + 1);
}

/** By the index of the harmed alone, which are few; of those that were sent in the time whose messages are counted. */
async function harmsOf(filter: {
  business: Types.ObjectId;
  harmedAt: object;
  sentAt: object;
  campaign?: Types.ObjectId;
}): Promise<Pick<Reputation, 'bounced' | 'complained'>> {
  const groups = await DeliveryModel.aggregate<{ _id: string; n: number }>([
    { $match: filter },
    { $group: { _id: '$harm', n: { $sum: 1 } } },
  ]);
  const of = (harm: string) => groups.find(({ _id }) => _id === harm)?.n ?? 0;
  return { bounced: of('bounced'), complained: of('complained') };
}
