import { Types } from 'mongoose';
import { z } from 'zod';
import type { Delivery } from '../models/delivery.js';
import { hexId, opened, sealed, timeMs } from './cursors.js';

/** An order in which recipients are read, borne by an index, so that a page costs the same wherever it lies. */
export interface Order {
  sort: Record<string, 1>;
  /** Where the page after `cursor` begins. @throws AppError `validation_failed` for a cursor that no page gave. */
  after(cursor: string): object;
  /** The cursor of the page after this row. */
  cursorOf(last: Delivery): string;
}

/** By address: the unique index over campaign and address. */
export const byAddress: Order = {
  sort: { email: 1 },
  after(cursor) {
    const [email] = opened(cursor, z.tuple([z.string()]));
    return { email: { $gt: email } };
  },
  cursorOf: ({ email }) => sealed([email]),
};

/** As they are sent, within one status: the index over campaign, status, bucket, time due and id. */
export const bySending: Order = {
  sort: { bucket: 1, dueAt: 1, _id: 1 },
  after(cursor) {
    const [bucket, dueMs, id] = opened(cursor, z.tuple([z.int(), timeMs, hexId]));
    const dueAt = new Date(dueMs);
    return {
      $or: [
        { bucket: { $gt: bucket } },
        { bucket, dueAt: { $gt: dueAt } },
        { bucket, dueAt, _id: { $gt: new Types.ObjectId(id) } },
      ],
    };
  },
  cursorOf: ({ bucket, dueAt, _id }) => sealed([bucket, dueAt.getTime(), _id.toHexString()]),
};
