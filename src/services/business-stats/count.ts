import type { Types } from 'mongoose';
import { DeliveryModel } from '../../models/delivery.js';
import { type SendingDay, SendingDayModel } from '../../models/sending-day.js';
import { STAT_SUMS, STATS, type Stat } from '../../sending/campaigns/counts.js';
import { owned, type Tenant } from '../../tenant.js';

/** Between its two midnights. */
export interface Day {
  from: Date;
  to: Date;
}

export type DayStats = Record<Stat, number>;

/** A day's numbers, and when they were counted. */
export interface DayCount extends Day, Pick<SendingDay, 'asOf' | 'tookMs'> {
  stats: DayStats;
}

/** What a business has sent, by when. */
const BY_TIME = { business: 1, sentAt: 1 } as const;

/** When the tenant's first message was sent: no day before it need be counted. */
export async function firstSentAt(tenant: Tenant): Promise<Date | undefined> {
  const first = await DeliveryModel.findOne(owned(tenant, { sentAt: { $exists: true } }), { sentAt: 1 })
    .sort({ sentAt: 1 })
    .hint(BY_TIME)
    .lean<{ sentAt: Date }>();
  return first?.sentAt;
}

/** The pipeline that counts what became of the messages sent between two times, and the index that bears it. */
export const countingOf = (tenant: Tenant, { from, to }: Day) => ({
  pipeline: [
    // What test keys only seem to send is nobody's mail.
    { $match: owned(tenant, { sentAt: { $gte: from, $lt: to }, isTest: { $ne: true } }) },
    { $group: { _id: null, ...STAT_SUMS } },
  ],
  index: BY_TIME,
});

/** Counts a day in the ledger, and keeps the numbers. */
export async function countDay(tenant: Tenant, day: Day): Promise<DayCount> {
  const asOf = new Date();
  const startedAt = performance.now();
  const { pipeline, index } = countingOf(tenant, day);
  const [sums] = await DeliveryModel.aggregate<{ _id: Types.ObjectId } & DayStats>(pipeline).hint(index);
  const stats = Object.fromEntries(Object.keys(STATS).map((stat) => [stat, sums?.[stat as Stat] ?? 0])) as DayStats;
  const count = { ...day, asOf, tookMs: Math.ceil(performance.now() - startedAt), stats };
  await SendingDayModel.updateOne(
    owned(tenant, { from: day.from, to: day.to }),
    { $set: { asOf, tookMs: count.tookMs, stats } },
    { upsert: true },
  );
  return count;
}

/** The days among these that were counted before, by their beginning in ms. */
export async function countedDays(tenant: Tenant, days: readonly Day[]): Promise<Map<number, DayCount>> {
  const [first, last] = [days[0], days.at(-1)];
  if (!first || !last) return new Map();
  const rows = await SendingDayModel.find(owned(tenant, { from: { $gte: first.from, $lte: last.from } })).lean<
    DayCount[]
  >();
  const ends = new Map(days.map(({ from, to }) => [from.getTime(), to.getTime()]));
  const mine = rows.filter(({ from, to }) => ends.get(from.getTime()) === to.getTime());
  return new Map(mine.map((row) => [row.from.getTime(), row]));
}
