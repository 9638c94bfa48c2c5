import type { Types } from 'mongoose';
import { logger } from '../../logger.js';
import { type Business, BusinessModel } from '../../models/business.js';
import { DeliveryModel } from '../../models/delivery.js';
import { type EmailCampaign, EmailCampaignModel } from '../../models/email-campaign.js';
import { type Counts, count, type Stat } from '../campaigns/counts.js';
import { IN_DOUBT_OR_SENT } from '../states.js';

/** What stopped so lately, in ms, may still have calls under way. */
const QUIET_MS = 5_000;

/** Those of one round: each is read whole. By chance, so that some which are never quiet do not stand before the others. */
const ANY = { $sample: { size: 5 } };

/** What is kept, and what the ledger says instead. */
export interface Difference {
  what: string;
  kept: number;
  ledger: number;
}

/**
 * Holds what is kept against the ledger, of campaigns and months that have come to rest since the last time. A difference
 * is a defect of the hub, or somebody's hand in its database: it is reported, then mended.
 * @returns how many differences there were.
 */
export async function reconcile(): Promise<number> {
  return (await reconcileCampaigns()) + (await reconcileMonths());
}

async function reconcileCampaigns(): Promise<number> {
  const restingSince = { $lt: new Date(Date.now() - QUIET_MS) };
  const resting = await EmailCampaignModel.aggregate<EmailCampaign>([
    {
      $match: {
        isUnchecked: true,
        $or: [
          { status: { $in: ['sent', 'cancelled'] }, completedAt: restingSince },
          { status: 'paused', 'pause.at': restingSince },
        ],
      },
    },
    ANY,
  ]);
  let found = 0;
  for (const campaign of resting) {
    if (await DeliveryModel.exists({ campaign: campaign._id, status: 'sending' })) continue;
    const ledger = await count(campaign._id);
    const kept = (campaign.counts ?? ledger) as Counts;
    const differences = differencesOf(kept, ledger, campaign.status !== 'paused');
    report({ campaignId: campaign._id, businessId: campaign.business }, differences);
    found += differences.length;
    const used = await usedByMonth({ campaign: { $eq: campaign._id, $type: 'objectId' } });
    await EmailCampaignModel.updateOne(
      // Only if it was not under way again since it was read.
      {
        _id: campaign._id,
        status: campaign.status,
        completedAt: campaign.completedAt ?? null,
        'pause.at': campaign.pause?.at ?? null,
      },
      { $set: { counts: ledger, reconciled: { at: ledger.asOf, used } }, $unset: { isUnchecked: 1 } },
      { timestamps: false },
    );
  }
  return found;
}

/** What happened does not unhappen, but for clicks and the opens that they told of: they may turn out a scanner's. */
const LASTING = ['sent', 'delivered', 'bounced', 'complained', 'unsubscribed'] as const satisfies Stat[];

/**
 * What cannot have become of numbers that were kept when all was over, or of the total at any time: SES's events move a
 * delivery on, so what was sent may have arrived or bounced since; but nobody comes or goes, and what happened does not
 * unhappen. Pure.
 */
export function differencesOf(kept: Counts, ledger: Counts, isOver: boolean): Difference[] {
  const sum = Object.values(ledger.states).reduce((total, n) => total + n, 0);
  const pairs: [what: string, kept: number, ledger: number][] = [
    ['total', kept.total, ledger.total],
    ['sum of states', sum, ledger.total],
  ];
  if (isOver) {
    // More than was known may turn out to have been handed over, by an attempt that nobody was sure of; never less.
    if (handedOver(ledger) < handedOver(kept)) pairs.push(['handed to SES', handedOver(kept), handedOver(ledger)]);
    const { suppressed } = kept.states;
    if (ledger.states.suppressed > suppressed) pairs.push(['suppressed', suppressed, ledger.states.suppressed]);
  }
  for (const stat of LASTING) {
    if (ledger.stats[stat] < kept.stats[stat]) pairs.push([`stats.${stat}`, kept.stats[stat], ledger.stats[stat]]);
  }
  return pairs.filter(([, a, b]) => a !== b).map(([what, a, b]) => ({ what, kept: a, ledger: b }));
}

const handedOver = ({ states }: Counts) =>
  states.sent + states.delivered + states.failed + states.bounced + states.complained + states.unconfirmed;

/**
 * Holds the month of each business that is at rest against what its campaigns and messages used of it, but for what a reset
 * forgave: nothing reserved,
 * nothing under way, every campaign held against the ledger itself.
 */
async function reconcileMonths(): Promise<number> {
  const businesses = await BusinessModel.aggregate<Business>([
    { $match: { 'quota.isUnchecked': true, 'quota.reservations': { $size: 0 } } },
    ANY,
  ]);
  let found = 0;
  for (const { _id, quota, subscription } of businesses) {
    const period = quota.period ?? '';
    const kept = subscription.emailsSentThisMonth;
    const total = await ledgerOf(_id, period);
    if (total === undefined) continue;
    const forgiven = quota.forgiven?.period === period ? quota.forgiven.n : 0;
    const ledger = Math.max(0, total - forgiven);
    if (ledger !== kept) {
      report({ businessId: _id }, [{ what: `month ${period}`, kept, ledger }]);
      found += 1;
    }
    // Only if nothing was reserved or forgiven since it was read.
    await BusinessModel.updateOne(
      {
        _id,
        'quota.period': period,
        'quota.reservations': { $size: 0 },
        'subscription.emailsSentThisMonth': kept,
        'quota.forgiven.n': quota.forgiven?.n ?? null,
      },
      {
        $set: {
          'subscription.emailsSentThisMonth': ledger,
          // No more can be forgiven than there was.
          ...(forgiven > total ? { 'quota.forgiven.n': total } : {}),
        },
        $unset: { 'quota.isUnchecked': 1 },
      },
      { timestamps: false },
    );
  }
  return found;
}

/** The messages of a month by the ledger; undefined while something is under way. */
async function ledgerOf(businessId: Types.ObjectId, period: string): Promise<number | undefined> {
  const busy = await EmailCampaignModel.exists({ business: businessId, isUnchecked: true });
  if (busy) return undefined;
  const used = `reconciled.used.${period}`;
  const [campaigns] = await EmailCampaignModel.aggregate<{ n: number }>([
    { $match: { business: businessId, [used]: { $gt: 0 } } },
    { $group: { _id: null, n: { $sum: `$${used}` } } },
  ]);
  // Also by an attempt before the last, of what waits for another try.
  const ofMonth = { $or: [{ 'claim.period': period }, { pastPeriods: period }] };
  const messages = await usedByMonth({ business: businessId, message: { $type: 'objectId' }, ...ofMonth });
  return (campaigns?.n ?? 0) + (messages[period] ?? 0);
}

/** How many messages of each month these deliveries used, earlier attempts that may have been sent among them. */
async function usedByMonth(filter: object): Promise<Record<string, number>> {
  const usedLast = {
    $or: [
      { $in: ['$status', [...IN_DOUBT_OR_SENT]] },
      { $and: [{ $eq: ['$status', 'failed'] }, { $ne: [{ $type: '$sentAt' }, 'missing'] }] },
    ],
  };
  const periods = {
    $concatArrays: [
      { $ifNull: ['$pastPeriods', []] },
      { $cond: [{ $and: [usedLast, { $ne: [{ $type: '$claim.period' }, 'missing'] }] }, ['$claim.period'], []] },
    ],
  };
  const groups = await DeliveryModel.aggregate<{ _id: string; n: number }>([
    { $match: filter },
    { $project: { periods } },
    { $unwind: '$periods' },
    // What test keys seem to send uses nothing.
    { $match: { periods: { $ne: '' } } },
    { $group: { _id: '$periods', n: { $sum: 1 } } },
  ]);
  return Object.fromEntries(groups.map(({ _id, n }) => [_id, n]));
}

function report(about: object, differences: readonly Difference[]): void {
  if (differences.length > 0) logger().warn({ ...about, differences }, 'the ledger differs');
}
