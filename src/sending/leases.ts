import mongoose from 'mongoose';
import { LeaseModel } from '../models/lease.js';

/**
 * Takes or renews a lease for `forMs`, by the database's clock.
 * @returns whether `holder` has it now.
 */
export async function hold(name: string, holder: string, forMs: number): Promise<boolean> {
  try {
    await LeaseModel.updateOne(
      { _id: name, $or: [{ holder }, { $expr: { $lt: ['$until', '$$NOW'] } }] },
      [{ $set: { holder, until: { $add: ['$$NOW', forMs] } } }],
      { upsert: true, updatePipeline: true },
    );
    return true;
  } catch (error) {
    // Somebody else's is still running: the filter did not match it, and a second one cannot be inserted.
    if (error instanceof mongoose.mongo.MongoServerError && error.code === 11000) return false;
    throw error;
  }
}

/** Lets another have it at once. */
export async function release(name: string, holder: string): Promise<void> {
  await LeaseModel.deleteOne({ _id: name, holder });
}
