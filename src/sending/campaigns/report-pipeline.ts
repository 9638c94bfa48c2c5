import type { Types } from 'mongoose';
import { DELIVERY_STATUSES, DeliveryModel, type DeliveryStatus } from '../../models/delivery.js';
import { BY_ADDRESS, type Counts, ofCampaign, STATS, type Stat } from './counts.js';

/** What the series tells by the hour, in this order. */
export const SERIES = ['sent', 'delivered', 'opened', 'clicked', 'bounced', 'complained', 'unsubscribed'] as const;
export type SeriesStat = (typeof SERIES)[number];

/** Of the machines only the number is told. */
const APART = (Object.keys(STATS) as Stat[]).filter((stat) => !(SERIES as readonly Stat[]).includes(stat));

/** What happened in an hour; absent what did not. */
export interface Hour {
  /** When it begins, in UTC. */
  at: Date;
  happened: Partial<Record<SeriesStat, number>>;
}

/** One reading of a campaign's deliveries. */
export interface Walk extends Omit<Counts, 'asOf' | 'tookMs'> {
  hours: Hour[];
  /** The recipients that followed each link, by the first place of its template in `frozen.links`. */
  clicks: { place: number; clicks: number }[];
}

interface Facets extends Record<SeriesStat, { _id: Date; n: number }[]> {
  states: { _id: DeliveryStatus; n: number }[];
  apart: Record<Stat, number>[];
  links: { _id: number; n: number }[];
}

const PAST = { $gt: new Date(0) };

/**
 * Reads a campaign's deliveries once, for all that is told of them: so the numbers of one answer fit together. It takes about
 * twice as long as counting alone (`npm run bench:stats`); a reading for each of the hours' numbers took ten times as long.
 * @param places the place of each link's first equal: who followed one of them followed the link.
 */
export async function walk(campaignId: Types.ObjectId, places: readonly number[]): Promise<Walk> {
  const byHour = (stat: SeriesStat) => {
    const field = STATS[stat];
    const at = { $dateTrunc: { date: `$${field}`, unit: 'hour' } };
    return [{ $match: { [field]: PAST } }, { $group: { _id: at, n: { $sum: 1 } } }];
  };
  const isThere = (stat: Stat) => ({ $sum: { $cond: [{ $gt: [`$${STATS[stat]}`, null] }, 1, 0] } });
  const followed = { $map: { input: '$links', in: { $arrayElemAt: [places, '$$this'] } } };
  const [facets] = await DeliveryModel.aggregate<Facets>([
    ofCampaign(campaignId),
    {
      $facet: {
        states: [{ $group: { _id: '$status', n: { $sum: 1 } } }],
        apart: [{ $group: { _id: null, ...Object.fromEntries(APART.map((stat) => [stat, isThere(stat)])) } }],
        links: [
          { $match: { clickedAt: PAST, 'links.0': { $exists: true } } },
          { $project: { followed: { $setUnion: [followed] } } },
          { $unwind: '$followed' },
          { $group: { _id: '$followed', n: { $sum: 1 } } },
        ],
        ...Object.fromEntries(SERIES.map((stat) => [stat, byHour(stat)])),
      },
    },
  ])
    .hint(BY_ADDRESS)
    .allowDiskUse(true);
  if (!facets) throw new Error('MongoDB answered a $facet with nothing');
  return {
    ...countsOf(facets),
    hours: hoursOf(facets),
    clicks: facets.links.flatMap(({ _id, n }) => (typeof _id === 'number' ? [{ place: _id, clicks: n }] : [])),
  };
}

function countsOf({ states: groups, apart: [apart], ...series }: Facets): Pick<Walk, 'total' | 'states' | 'stats'> {
  const states = Object.fromEntries(
    DELIVERY_STATUSES.map((status) => [status, groups.find(({ _id }) => _id === status)?.n ?? 0]),
  ) as Record<DeliveryStatus, number>;
  const sum = (rows: readonly { n: number }[]) => rows.reduce((total, { n }) => total + n, 0);
  const inSeries = SERIES.map((stat) => [stat, sum(series[stat])]);
  const others = APART.map((stat) => [stat, apart?.[stat] ?? 0]);
  const stats = Object.fromEntries([...inSeries, ...others]) as Record<Stat, number>;
  return { total: sum(groups), states, stats };
}

function hoursOf(facets: Facets): Hour[] {
  const hours = new Map<number, Hour>();
  for (const stat of SERIES) {
    for (const { _id: at, n } of facets[stat]) {
      const hour = hours.get(at.getTime()) ?? { at, happened: {} };
      hour.happened[stat] = n;
      hours.set(at.getTime(), hour);
    }
  }
  return [...hours.values()].sort((a, b) => a.at.getTime() - b.at.getTime());
}
