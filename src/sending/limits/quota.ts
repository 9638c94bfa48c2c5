import { Types } from 'mongoose';
import { BusinessModel } from '../../models/business.js';
import { DeliveryModel } from '../../models/delivery.js';
import { JOURNALED } from '../../mongo.js';
import { USES_QUOTA } from '../states.js';

/** So many messages of the month, taken from the quota before anything is sent. Its id is the claim's token. */
export interface Reservation {
  id: Types.ObjectId;
  n: number;
}

/** Nothing is left. `isFinal`: every message of the month is used; else some are reserved and may come back. */
export interface Exhausted {
  isFinal: boolean;
}

const used = '$subscription.emailsSentThisMonth';
const limit = '$subscription.emailsPerMonth';
/** The calendar month in the business's timezone, by the database's clock. Months compare as strings. */
const thisMonth = { $dateToString: { date: '$$NOW', format: '%Y-%m', timezone: '$settings.timezone' } };

/**
 * Takes up to `wanted` messages of the business's month, and begins the month where it has turned, in one journaled
 * write: whatever dies after it, the reservation says what to settle, and no two workers take the same message.
 */
export async function reserve(
  businessId: Types.ObjectId,
  campaignId: Types.ObjectId,
  wanted: number,
): Promise<Reservation | Exhausted> {
  const id = new Types.ObjectId();
  const reservation = { id, campaign: campaignId, period: '$quota.period', n: '$quota.granted', at: '$$NOW' };
  const business = await BusinessModel.findOneAndUpdate(
    { _id: businessId },
    [
      { $set: { 'quota.turns': { $lt: [{ $ifNull: ['$quota.period', ''] }, thisMonth] } } },
      {
        $set: {
          'quota.period': { $cond: ['$quota.turns', thisMonth, '$quota.period'] },
          'subscription.emailsSentThisMonth': { $cond: ['$quota.turns', 0, used] },
        },
      },
      { $set: { 'quota.granted': { $max: [0, { $min: [wanted, { $subtract: [limit, used] }] }] } } },
      {
        $set: {
          'subscription.emailsSentThisMonth': { $add: [used, '$quota.granted'] },
          'quota.reservations': {
            $cond: [
              { $gt: ['$quota.granted', 0] },
              { $concatArrays: [{ $ifNull: ['$quota.reservations', []] }, [reservation]] },
              { $ifNull: ['$quota.reservations', []] },
            ],
          },
        },
      },
      { $unset: ['quota.turns', 'quota.granted'] },
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
  const reservations = business?.quota.reservations ?? [];
  const mine = reservations.find((one) => one.id.equals(id));
  return mine ? { id, n: mine.n } : { isFinal: reservations.length === 0 };
}

/**
 * Ends a reservation of which `usedCount` messages were used; the rest goes back to its own month. A second call for
 * the same reservation changes nothing.
 */
export async function settle(
  businessId: Types.ObjectId,
  reservationId: Types.ObjectId,
  usedCount: number,
): Promise<void> {
  const mine = {
    $first: {
      $filter: { input: '$quota.reservations', as: 'one', cond: { $eq: ['$$one.id', reservationId] } },
    },
  };
  await BusinessModel.updateOne(
    { _id: businessId, 'quota.reservations.id': reservationId },
    [
      { $set: { 'quota.mine': mine } },
      {
        $set: {
          'subscription.emailsSentThisMonth': {
            $cond: [
              { $eq: ['$quota.mine.period', '$quota.period'] },
              { $subtract: [used, { $subtract: ['$quota.mine.n', usedCount] }] },
              used,
            ],
          },
          'quota.reservations': {
            $filter: { input: '$quota.reservations', as: 'one', cond: { $ne: ['$$one.id', reservationId] } },
          },
        },
      },
      { $unset: 'quota.mine' },
    ],
    { updatePipeline: true, timestamps: false, writeConcern: JOURNALED },
  );
}

/**
 * Settles from the ledger what workers that died had reserved before `before`. Their claims must have expired first:
 * what is claimed counts as used.
 * @returns how many reservations were settled.
 */
export async function settleStale(before: Date): Promise<number> {
  const businesses = await BusinessModel.find({ 'quota.reservations.at': { $lt: before } }, { quota: 1 }).lean();
  let settled = 0;
  for (const business of businesses) {
    for (const reservation of business.quota.reservations) {
      if (reservation.at >= before) continue;
      const usedCount = await DeliveryModel.countDocuments({
        'claim.token': reservation.id,
        status: { $in: USES_QUOTA },
      });
      await settle(business._id, reservation.id, usedCount);
      settled += 1;
    }
  }
  return settled;
}

/** @returns the ids, as hex, of those businesses that may send at least one message more this month. */
export async function businessesWithRoom(businessIds: readonly Types.ObjectId[]): Promise<Set<string>> {
  const hasRoom = { $or: [{ $lt: [{ $ifNull: ['$quota.period', ''] }, thisMonth] }, { $lt: [used, limit] }] };
  const businesses = await BusinessModel.find({ _id: { $in: [...businessIds] }, $expr: hasRoom }, { _id: 1 }).lean();
  return new Set(businesses.map(({ _id }) => _id.toHexString()));
}
