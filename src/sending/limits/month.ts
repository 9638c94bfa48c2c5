import type { Types } from 'mongoose';
import { BusinessModel } from '../../models/business.js';
import { monthBefore, monthOf } from './periods.js';

/** Used and reserved of the month, and its limit, in a pipeline over businesses. */
export const used = '$subscription.emailsSentThisMonth';
export const limit = '$subscription.emailsPerMonth';

/** Whether the month that is counted is over. */
export const turns = { $lt: [{ $ifNull: ['$quota.period', ''] }, monthOf()] };

/** Reserved of the month that is counted. */
export const reserved = {
  $sum: {
    $map: {
      input: {
        $filter: {
          input: { $ifNull: ['$quota.reservations', []] },
          as: 'one',
          cond: { $eq: ['$$one.period', '$quota.period'] },
        },
      },
      as: 'one',
      in: '$$one.n',
    },
  },
};

/** What resets took off the month that is counted. */
export const forgiven = { $cond: [{ $eq: ['$quota.forgiven.period', '$quota.period'] }, '$quota.forgiven.n', 0] };

/** Sent in the present month, or perhaps sent, whatever was forgiven of it. */
export const sentThisMonth = { $cond: [turns, 0, { $add: [{ $subtract: [used, reserved] }, forgiven] }] };

/** The share of the month that campaigns leave to transactional mail, where a business sends any. */
const RESERVE = 0.05;

const isTransactional = { $gte: [{ $ifNull: ['$quota.transactionalPeriod', ''] }, monthBefore()] };

/** What campaigns may use of the month; whoever sends no transactional mail may use all. */
export const bulkLimit = {
  $subtract: [limit, { $cond: [isTransactional, { $floor: { $multiply: [limit, RESERVE] } }, 0] }],
};

/** @returns the ids, as hex, of those businesses of which campaigns may send at least one message more this month. */
export async function businessesWithRoom(businessIds: readonly Types.ObjectId[]): Promise<Set<string>> {
  const hasRoom = { $or: [turns, { $lt: [used, bulkLimit] }] };
  const businesses = await BusinessModel.find({ _id: { $in: [...businessIds] }, $expr: hasRoom }, { _id: 1 }).lean();
  return new Set(businesses.map(({ _id }) => _id.toHexString()));
}

/** A business's month, as campaigns may use it. */
export interface Month {
  limit: number;
  used: number;
  /** What campaigns may still use; transactional mail may have a reserve beside it. */
  left: number;
}

/** @returns what is left of the month at this moment, by the database's clock. */
export async function monthLeft(businessId: Types.ObjectId): Promise<Month> {
  const [month] = await BusinessModel.aggregate<{ limit: number; used: number; bulkLimit: number }>([
    { $match: { _id: businessId } },
    { $project: { limit, used: { $cond: [turns, 0, used] }, bulkLimit } },
  ]);
  const { limit: all = 0, used: spent = 0, bulkLimit: forBulk = 0 } = month ?? {};
  return { limit: all, used: spent, left: Math.max(0, forBulk - spent) };
}
