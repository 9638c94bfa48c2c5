import { Types } from 'mongoose';
import { limit, used } from './month.js';
import type { Expression } from './periods.js';

/** The share of the month at which its business is warned. */
const WARNING = 0.8;

/**
 * Stages of an update of a business: say once for each month and limit that 80 % are used, and that all is, by what was
 * sent and not by what is reserved. They leave `quota.spent`, `quota.mark` and `quota.told` behind.
 */
export function announcements(): Expression[] {
  const ofThisMonth = {
    $filter: { input: '$quota.reservations', as: 'one', cond: { $eq: ['$$one.period', '$quota.period'] } },
  };
  const reservedNow = { $sum: { $map: { input: ofThisMonth, as: 'one', in: '$$one.n' } } };
  const event = (type: 'quota.warning' | 'quota.exceeded') => ({
    _id: new Types.ObjectId(),
    type,
    at: '$$NOW',
    data: { used: '$quota.spent', limit, period: '$quota.period' },
  });
  const isDue = (share: number, mark: string) => ({
    $and: [{ $gte: ['$quota.spent', { $multiply: [limit, share] }] }, { $ne: [mark, '$quota.mark'] }],
  });
  const isWarning = isDue(WARNING, '$quota.warned');
  const isExceeded = isDue(1, '$quota.exceeded');
  return [
    {
      $set: {
        'quota.spent': { $subtract: [used, reservedNow] },
        'quota.mark': { $concat: ['$quota.period', '/', { $toString: limit }] },
      },
    },
    {
      $set: {
        'quota.told': {
          $concatArrays: [
            { $cond: [isWarning, [event('quota.warning')], []] },
            { $cond: [isExceeded, [event('quota.exceeded')], []] },
          ],
        },
      },
    },
    {
      $set: {
        'quota.warned': { $cond: [isWarning, '$quota.mark', { $ifNull: ['$quota.warned', '$$REMOVE'] }] },
        'quota.exceeded': { $cond: [isExceeded, '$quota.mark', { $ifNull: ['$quota.exceeded', '$$REMOVE'] }] },
        outbox: {
          $cond: [
            { $gt: [{ $size: '$quota.told' }, 0] },
            { $concatArrays: [{ $ifNull: ['$outbox', []] }, '$quota.told'] },
            { $ifNull: ['$outbox', '$$REMOVE'] },
          ],
        },
      },
    },
  ];
}
