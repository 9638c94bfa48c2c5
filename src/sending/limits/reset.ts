import type { Types } from 'mongoose';
import { BusinessModel } from '../../models/business.js';
import { JOURNALED } from '../../mongo.js';
import { forgiven, reserved, turns, used } from './month.js';

/**
 * Begins the present month of a business anew: only what is reserved for calls under way still counts, and what they do not
 * use comes back as ever. One journaled write, so no reservation is lost to it or counted twice. What it takes off the month
 * is kept as `forgiven`: by so much the ledger knows more, also when a worker that was taken for dead corrects it later. The
 * business is told of 80 % and of all once more. Where the month has not begun yet, there is nothing to do.
 */
export async function resetMonth(businessId: Types.ObjectId): Promise<void> {
  const settled = {
    $map: {
      input: { $ifNull: ['$quota.settled', []] },
      as: 'one',
      in: {
        $cond: [
          { $eq: ['$$one.period', '$quota.period'] },
          { $mergeObjects: ['$$one', { isForgiven: true }] },
          '$$one',
        ],
      },
    },
  };
  await BusinessModel.updateOne(
    { _id: businessId, $expr: { $not: [turns] } },
    [
      { $set: { 'quota.spent': { $max: [0, { $subtract: [used, reserved] }] } } },
      {
        $set: {
          'subscription.emailsSentThisMonth': { $subtract: [used, '$quota.spent'] },
          'quota.forgiven': { period: '$quota.period', n: { $add: [forgiven, '$quota.spent'] } },
          'quota.settled': settled,
          'quota.isUnchecked': true,
        },
      },
      { $unset: ['quota.spent', 'quota.warned', 'quota.exceeded'] },
    ],
    { updatePipeline: true, timestamps: false, writeConcern: JOURNALED },
  );
}
