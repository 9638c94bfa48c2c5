import { createHash } from 'node:crypto';
import { Types } from 'mongoose';

/**
 * The id of an event that is told once a period: whoever tells it again within the same one, also in another process,
 * meets it in the log. So a mail program that asks again and again does not fill it.
 * @param about what it is about; equal for those that are one.
 * @param periodMs the length of a period; they begin at full ones since 1970.
 */
export function idWithin(about: readonly (string | number | boolean)[], at: Date, periodMs: number): Types.ObjectId {
  const period = Math.floor(at.getTime() / periodMs);
  return new Types.ObjectId(
    createHash('sha256')
      .update([...about, period].join(' '))
      .digest()
      .subarray(0, 12),
  );
}
