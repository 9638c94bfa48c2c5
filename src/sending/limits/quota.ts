import { Types } from 'mongoose';
import { type Business, BusinessModel } from '../../models/business.js';
import { DeliveryModel } from '../../models/delivery.js';
import { JOURNALED } from '../../mongo.js';
import { tellOf } from '../outcome-events.js';
import { USED_QUOTA } from '../states.js';
import { announcements } from './announcements.js';
import { type Cap, limitOf, usedOf } from './caps.js';
import type { Lane } from './lanes.js';
import { bulkLimit, limit, turns, used } from './month.js';
import { dayOf, type Expression, monthOf } from './periods.js';

/** So many messages of the month, taken from the quota before anything is sent. Its id is the claim's token. */
export interface Reservation {
  id: Types.ObjectId;
  n: number;
  /** The month that pays. */
  period: string;
  /** When it was asked for, on this process's monotonic clock (`performance.now()`), in ms. */
  askedAt: number;
}

/** Nothing is left: of the month, of a daily cap, or only for now, while others have reserved what is left. */
export type Exhausted = { exhausted: 'month' | 'reserved' } | { exhausted: 'cap'; cap: Cap };

/** Of what uses nothing of a month: test keys' mail. Nothing is kept of it, and there is nothing to settle. */
export const unpaid = (n: number): Reservation => ({
  id: new Types.ObjectId(),
  n,
  period: '',
  askedAt: performance.now(),
});

const reservations = { $ifNull: ['$quota.reservations', []] };

const dayTurns = { $lt: [{ $ifNull: ['$quota.day', ''] }, dayOf()] };

/**
 * Takes up to `wanted` messages of the business's month, and of the daily caps they are under, and begins month and day
 * where they have turned, in one journaled write: whatever dies after it, the reservation says what to settle, and no two
 * workers take the same message.
 */
export async function reserve(
  businessId: Types.ObjectId,
  wanted: number,
  lane: Lane,
  caps: readonly Cap[] = [],
): Promise<Reservation | Exhausted> {
  const id = new Types.ObjectId();
  const askedAt = performance.now();
  const capped = caps.length > 0;
  const reservation = {
    id,
    period: '$quota.period',
    n: '$quota.granted',
    at: '$$NOW',
    ...(capped ? { day: '$quota.day', keys: caps.map(({ key }) => key) } : {}),
  };
  const monthRoom = { $subtract: [lane === 'bulk' ? bulkLimit : limit, used] };
  const capRooms = caps.map((cap) => ({ $subtract: [limitOf(cap), usedOf(cap)] }));
  const business = await BusinessModel.findOneAndUpdate(
    { _id: businessId },
    [
      { $set: { 'quota.turns': turns, 'quota.dayTurns': dayTurns } },
      {
        $set: {
          'quota.period': { $cond: ['$quota.turns', monthOf(), '$quota.period'] },
          'subscription.emailsSentThisMonth': { $cond: ['$quota.turns', 0, used] },
          'quota.day': { $cond: ['$quota.dayTurns', dayOf(), '$quota.day'] },
          'quota.days': { $cond: ['$quota.dayTurns', [], '$quota.days'] },
          ...(lane === 'transactional' ? { 'quota.transactionalPeriod': monthOf() } : {}),
        },
      },
      { $set: { 'quota.found': { month: monthRoom, caps: capRooms } } },
      {
        $set: {
          'quota.granted': { $max: [0, { $min: [wanted, '$quota.found.month', { $min: '$quota.found.caps' }] }] },
        },
      },
      {
        $set: {
          'subscription.emailsSentThisMonth': { $add: [used, '$quota.granted'] },
          'quota.reservations': {
            $concatArrays: [reservations, { $cond: [{ $gt: ['$quota.granted', 0] }, [reservation], []] }],
          },
          'quota.isUnchecked': true,
          ...(capped ? { 'quota.days': daysWith(caps, '$quota.granted') } : {}),
        },
      },
      { $unset: ['quota.turns', 'quota.dayTurns', 'quota.granted'] },
    ],
    {
      updatePipeline: true,
      returnDocument: 'after',
      projection: { quota: 1 },
      lean: true,
      writeConcern: JOURNALED,
      timestamps: false,
    },
  );
  if (!business) return { exhausted: 'month' };
  const mine = business.quota.reservations.find((one) => one.id.equals(id));
  return mine ? { id, n: mine.n, period: mine.period, askedAt } : whyNot(business.quota, caps);
}

/** What is reserved may come back; only what is used is gone. */
function whyNot({ period, day, reservations, found }: Business['quota'], caps: readonly Cap[]): Exhausted {
  if ((found?.month ?? 0) < 1) {
    return { exhausted: reservations.some((one) => one.period === period) ? 'reserved' : 'month' };
  }
  const cap = caps.find((_, index) => (found?.caps?.[index] ?? 0) < 1);
  const isReserved = reservations.some((one) => one.day === day && cap && one.keys?.includes(cap.key));
  return cap && !isReserved ? { exhausted: 'cap', cap } : { exhausted: 'reserved' };
}

/** Today's list with so many more used of these keys. */
function daysWith(caps: readonly Cap[], more: Expression): Expression {
  const keys = caps.map(({ key }) => key);
  const others = {
    $filter: { input: { $ifNull: ['$quota.days', []] }, as: 'one', cond: { $not: [{ $in: ['$$one.key', keys] }] } },
  };
  return { $concatArrays: [others, caps.map((cap) => ({ key: cap.key, n: { $add: [usedOf(cap), more] } }))] };
}

/** A worker that the sweeper took for dead may come back within so long, in ms. */
const COMEBACK_MS = 24 * 3_600_000;

/**
 * Ends a reservation of which `usedCount` messages were used; the rest goes back to its own month and day. The business is
 * told, by the same write, when that makes 80 % of the month, or all of it. A second call for the same reservation changes
 * nothing; but what the sweeper settled from the ledger, its worker may still correct.
 */
export async function settle(
  businessId: Types.ObjectId,
  reservationId: Types.ObjectId,
  usedCount: number,
): Promise<void> {
  await settleAs(businessId, reservationId, usedCount, []);
}

/** @param keep what of `quota.mine` stays, for a worker that comes back. */
async function settleAs(
  businessId: Types.ObjectId,
  reservationId: Types.ObjectId,
  usedCount: number,
  keep: readonly Expression[],
): Promise<void> {
  const settled = { $ifNull: ['$quota.settled', []] };
  const isIt = { $eq: ['$$one.id', reservationId] };
  const mine = { $first: { $filter: { input: { $concatArrays: [reservations, settled] }, as: 'one', cond: isIt } } };
  const only = (input: Expression, ...conditions: Expression[]) => {
    return { $filter: { input, as: 'one', cond: { $and: [{ $not: [isIt] }, ...conditions] } } };
  };
  const isRecent = { $gt: ['$$one.at', { $subtract: ['$$NOW', COMEBACK_MS] }] };
  const back = { $subtract: ['$quota.mine.n', usedCount] };
  const isForgiven = { $eq: ['$quota.mine.isForgiven', true] };
  const isOfThisMonth = { $and: [{ $eq: ['$quota.mine.period', '$quota.period'] }, { $not: [isForgiven] }] };
  const isOfToday = { $eq: ['$quota.mine.day', '$quota.day'] };
  const isMine = { $in: ['$$one.key', { $ifNull: ['$quota.mine.keys', []] }] };
  await BusinessModel.updateOne(
    { _id: businessId, $or: [{ 'quota.reservations.id': reservationId }, { 'quota.settled.id': reservationId }] },
    [
      { $set: { 'quota.mine': mine } },
      {
        $set: {
          'subscription.emailsSentThisMonth': {
            $cond: [isOfThisMonth, { $subtract: [used, back] }, used],
          },
          'quota.forgiven': {
            $cond: [
              { $and: [isForgiven, { $eq: ['$quota.mine.period', '$quota.forgiven.period'] }] },
              { period: '$quota.forgiven.period', n: { $subtract: ['$quota.forgiven.n', back] } },
              { $ifNull: ['$quota.forgiven', '$$REMOVE'] },
            ],
          },
          'quota.days': {
            $map: {
              input: { $ifNull: ['$quota.days', []] },
              as: 'one',
              in: {
                key: '$$one.key',
                n: { $cond: [{ $and: [isOfToday, isMine] }, { $subtract: ['$$one.n', back] }, '$$one.n'] },
              },
            },
          },
          'quota.reservations': only(reservations),
          'quota.settled': { $concatArrays: [only(settled, isRecent), [...keep]] },
        },
      },
      ...announcements(),
      { $unset: ['quota.mine', 'quota.spent', 'quota.mark', 'quota.told'] },
    ],
    { updatePipeline: true, timestamps: false, writeConcern: JOURNALED },
  );
}

/**
 * Settles from the ledger what workers that died had reserved before `before`. Their claims must have expired first:
 * what is claimed counts as used. What came of the claim is told first: a reservation that is there stands for that, too.
 * @returns how many reservations were settled.
 */
export async function settleStale(before: Date): Promise<number> {
  const businesses = await BusinessModel.find({ 'quota.reservations.at': { $lt: before } }, { quota: 1 }).lean();
  let settled = 0;
  for (const business of businesses) {
    for (const reservation of business.quota.reservations) {
      if (reservation.at >= before) continue;
      await tellOf(reservation.id);
      const usedCount = await DeliveryModel.countDocuments({ 'claim.token': reservation.id, ...USED_QUOTA });
      const found = { $mergeObjects: ['$quota.mine', { n: usedCount, at: '$$NOW' }] };
      await settleAs(business._id, reservation.id, usedCount, [found]);
      settled += 1;
    }
  }
  return settled;
}
