import mongoose, { type Types } from 'mongoose';
import { businessInactive, notFound } from '../errors.js';
import { type Business, BusinessModel } from '../models/business.js';
import { type User, UserModel } from '../models/user.js';
import { JOURNALED } from '../mongo.js';

/** @throws AppError `not_found`. */
export async function get(id: Types.ObjectId): Promise<Business> {
  const business = await BusinessModel.findById(id).lean<Business>();
  if (!business) throw notFound('business');
  return business;
}

/** @throws AppError `business_inactive` where the business is suspended, cancelled or gone. */
export async function requireActive(id: Types.ObjectId): Promise<void> {
  const business = await BusinessModel.findById(id, { status: 1 }).lean();
  if (business?.status !== 'active') throw businessInactive();
}

/**
 * Writes the business that a registration promised; does nothing where that is done. The user alone makes a
 * registration true, so whoever meets a user with `founding` calls this, and a crash in between heals itself.
 */
export async function found({ _id, business, founding }: Pick<User, '_id' | 'business' | 'founding'>): Promise<void> {
  if (!founding || !business) return;
  const { name, domain } = founding;
  await BusinessModel.updateOne(
    { _id: business },
    { $setOnInsert: { name, domain } },
    { upsert: true, runValidators: true, writeConcern: JOURNALED },
  ).catch(ignoreDuplicate);
  await UserModel.updateOne({ _id }, { $unset: { founding: 1 } });
}

/** Two requests may find the same unfinished registration: MongoDB lets one upsert win. */
function ignoreDuplicate(error: unknown): void {
  if (!(error instanceof mongoose.mongo.MongoServerError && error.code === 11000)) throw error;
}
