import { LeaseModel } from '../../models/lease.js';
import { ignoreDuplicateKey } from '../../mongo.js';

/**
 * Takes or renews a lease for `forMs`, by the database's clock: one write, of which one caller at a time comes out as
 * the holder.
 * @returns whether `holder` has it now.
 */
export async function hold(name: string, holder: string, forMs: number): Promise<boolean> {
  const isFree = { $or: [{ $eq: ['$holder', holder] }, { $lt: [{ $ifNull: ['$until', new Date(0)] }, '$$NOW'] }] };
  const lease = await LeaseModel.findOneAndUpdate(
    { _id: name },
    [
      { $set: { isFree } },
      {
        $set: {
          holder: { $cond: ['$isFree', holder, '$holder'] },
          until: { $cond: ['$isFree', { $add: ['$$NOW', forMs] }, '$until'] },
        },
      },
      { $unset: 'isFree' },
    ],
    { upsert: true, updatePipeline: true, returnDocument: 'after', lean: true },
  ).catch(ignoreDuplicateKey);
  return lease?.holder === holder;
}

/** Lets another have it at once. */
export async function release(name: string, holder: string): Promise<void> {
  await LeaseModel.deleteOne({ _id: name, holder });
}
