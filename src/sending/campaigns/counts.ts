import type { Types } from 'mongoose';
import { DELIVERY_STATUSES, DeliveryModel, type DeliveryStatus } from '../../models/delivery.js';
import { EmailCampaignModel } from '../../models/email-campaign.js';

/**
 * What ever happened to deliveries, from the timestamps that are set once: each person once, however often he came back.
 * Of opens and clicks a machine's are no person's, and counted apart.
 */
export const STATS = {
  sent: 'sentAt',
  delivered: 'deliveredAt',
  opened: 'openedAt',
  clicked: 'clickedAt',
  machineOpened: 'machineOpenedAt',
  machineClicked: 'machineClickedAt',
  bounced: 'bouncedAt',
  complained: 'complainedAt',
  unsubscribed: 'unsubscribedAt',
} as const;

export type Stat = keyof typeof STATS;

/** The ledger's numbers at one moment. `states` sums to `total`. */
export interface Counts {
  asOf: Date;
  /** What the counting took, in ms. */
  tookMs: number;
  total: number;
  states: Record<DeliveryStatus, number>;
  stats: Record<Stat, number>;
}

/** Counting takes at most one part in so many of the time, however long the list. */
const SHARE = 10;
const FRESH_MS = 1_000;

/**
 * A campaign's deliveries, in a pipeline. MongoDB takes a partial index only for a filter that repeats its condition: hence
 * the `$type`.
 */
export const ofCampaign = (campaignId: Types.ObjectId) => ({
  $match: { campaign: { $eq: campaignId, $type: 'objectId' as const } },
});

/** An address never changes, so a walk along this index meets each delivery once, also while their states change. */
export const BY_ADDRESS = { campaign: 1, email: 1 } as const;

/** The accumulators of a group over deliveries: one a stat. */
export const STAT_SUMS = Object.fromEntries(
  Object.entries(STATS).map(([stat, field]) => [stat, { $sum: { $cond: [{ $gt: [`$${field}`, null] }, 1, 0] } }]),
) as Record<Stat, { $sum: object }>;

/**
 * Counts a campaign in the ledger. Nothing is counted up anywhere, so no crash, repeated event or lost write can make
 * the numbers drift from what they count.
 */
export async function count(campaignId: Types.ObjectId): Promise<Counts> {
  const asOf = new Date();
  const startedAt = performance.now();
  const groups = await DeliveryModel.aggregate<{ _id: DeliveryStatus; n: number } & Record<Stat, number>>([
    ofCampaign(campaignId),
    { $group: { _id: '$status', n: { $sum: 1 }, ...STAT_SUMS } },
  ]).hint(BY_ADDRESS);
  const states = Object.fromEntries(
    DELIVERY_STATUSES.map((status) => [status, groups.find((group) => group._id === status)?.n ?? 0]),
  ) as Record<DeliveryStatus, number>;
  const sum = (key: 'n' | Stat) => groups.reduce((total, group) => total + group[key], 0);
  const stats = Object.fromEntries(Object.keys(STATS).map((stat) => [stat, sum(stat as Stat)])) as Record<Stat, number>;
  return { asOf, tookMs: Math.ceil(performance.now() - startedAt), total: sum('n'), states, stats };
}

/** Whether counts are old enough to be taken again: after a second, or ten times what the counting took. */
export function isStale(counts: Pick<Counts, 'asOf' | 'tookMs'> | null | undefined): boolean {
  if (!counts) return true;
  const ageMs = Date.now() - counts.asOf.getTime();
  // Counted in the future is counted by a clock that was wrong.
  return ageMs < -FRESH_MS || ageMs > Math.max(FRESH_MS, SHARE * counts.tookMs);
}

/** Counts a campaign and keeps the numbers with it. */
export async function refresh(campaignId: Types.ObjectId): Promise<Counts> {
  const counts = await count(campaignId);
  await keep(campaignId, counts);
  return counts;
}

/** Keeps a campaign's numbers with it; older ones never replace newer. */
export async function keep(campaignId: Types.ObjectId, counts: Counts): Promise<void> {
  await EmailCampaignModel.updateOne(
    {
      _id: campaignId,
      $or: [
        { counts: { $exists: false } },
        { 'counts.asOf': { $lt: counts.asOf } },
        { 'counts.asOf': { $gt: new Date(Date.now() + FRESH_MS) } },
      ],
    },
    { $set: { counts } },
    { timestamps: false },
  );
}
