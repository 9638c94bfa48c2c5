import type { Types } from 'mongoose';
import { BusinessModel } from '../../models/business.js';
import type { Lane } from './lanes.js';
import { bulkLimit, limit, turns, used } from './month.js';

/** What a business may still send. */
export interface Room {
  /** Messages of this month. */
  left: number;
  /** Until the next one, in s. */
  secondsLeft: number;
}

const nextMonth = {
  $dateTrunc: {
    date: { $dateAdd: { startDate: '$$NOW', unit: 'month', amount: 1, timezone: '$settings.timezone' } },
    unit: 'month',
    timezone: '$settings.timezone',
  },
};

/** What is left of the month at this moment for one lane; only the reservation (`quota.ts`) binds. */
export async function roomFor(businessId: Types.ObjectId, lane: Lane): Promise<Room> {
  const spent = { $cond: [turns, 0, used] };
  const [room] = await BusinessModel.aggregate<Room>([
    { $match: { _id: businessId } },
    {
      $project: {
        left: { $subtract: [lane === 'bulk' ? bulkLimit : limit, spent] },
        secondsLeft: { $dateDiff: { startDate: '$$NOW', endDate: nextMonth, unit: 'second' } },
      },
    },
  ]);
  return { left: Math.max(0, room?.left ?? 0), secondsLeft: Math.max(1, room?.secondsLeft ?? 1) };
}
