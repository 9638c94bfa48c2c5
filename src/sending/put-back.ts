import { AT_ONCE, DeliveryModel } from '../models/delivery.js';
import { JOURNALED } from '../mongo.js';

/** An attempt without a clear answer may be heard of for so long, in ms; before, nobody sends it again. */
export const DOUBTFUL_MS = 15 * 60_000;

const mayHaveBeenSent = {
  $or: [{ $eq: ['$status', 'unconfirmed'] }, { $ne: [{ $type: '$sentAt' }, 'missing'] }],
};

/**
 * Puts deliveries that came to an end back to pending, because a person wants them sent again. An attempt that may have
 * been sent stays paid for.
 * @param filter names their status: what was put back once does not match it again.
 * @param set what else changes.
 * @returns how many there were.
 */
export async function putBackWhere(filter: Record<string, unknown>, set: { sendBefore?: Date } = {}): Promise<number> {
  const { modifiedCount } = await DeliveryModel.collection.updateMany(
    filter,
    [
      {
        $set: {
          status: 'pending',
          dueAt: AT_ONCE,
          attemptsBefore: '$attempts',
          pastPeriods: {
            $concatArrays: [
              { $ifNull: ['$pastPeriods', []] },
              { $cond: [mayHaveBeenSent, [{ $ifNull: ['$claim.period', ''] }], []] },
            ],
          },
          ...set,
        },
      },
      { $unset: ['claim', 'error', 'failedAt', 'unconfirmedAt'] },
    ],
    { writeConcern: JOURNALED },
  );
  return modifiedCount;
}
