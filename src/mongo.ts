import mongoose from 'mongoose';
import { config } from './config.js';

/**
 * What a promise stands on is written with this: acknowledged only once it is in MongoDB's journal, so that a killed
 * server cannot forget it.
 */
export const JOURNALED = { w: 1, j: true } as const;

/**
 * Connects Mongoose and makes the indexes that are missing.
 * @throws MongoServerSelectionError when no server answers within 10 s.
 */
export async function connectMongo(uri = config().mongodbUri): Promise<void> {
  mongoose.set('strictQuery', 'throw');
  await mongoose.connect(uri, {
    serverSelectionTimeoutMS: 10_000,
    socketTimeoutMS: 60_000,
    maxPoolSize: 30,
    autoIndex: false,
  });
  await Promise.all(Object.values(mongoose.models).map((model) => model.createIndexes()));
}

const DUPLICATE_KEY = 11_000;

type DuplicateKeyError = mongoose.mongo.MongoServerError & { code: typeof DUPLICATE_KEY };

/** Whether a unique index refused a write: somebody else was first. */
export function isDuplicateKey(error: unknown): error is DuplicateKeyError {
  return error instanceof mongoose.mongo.MongoServerError && error.code === DUPLICATE_KEY;
}

/** For an upsert that others may make at the same moment: MongoDB lets one of them win. @throws any other error. */
export function ignoreDuplicateKey(error: unknown): undefined {
  if (!isDuplicateKey(error)) throw error;
}

/**
 * Inserts those documents that no unique index refuses. The driver's own call: Mongoose would cast each field again.
 * @returns the places in `documents` of those that are there already.
 * @throws MongoBulkWriteError for any failure but a duplicate key.
 */
export async function insertMissing(
  collection: mongoose.Collection,
  documents: readonly object[],
  writeConcern?: typeof JOURNALED,
): Promise<number[]> {
  if (documents.length === 0) return [];
  try {
    await collection.insertMany([...documents], { ordered: false, ...(writeConcern ? { writeConcern } : {}) });
    return [];
  } catch (error) {
    return duplicatesOf(error);
  }
}

/**
 * Of an unordered bulk write that failed: the places of the writes that a unique index refused.
 * @throws the error where anything else failed as well.
 */
export function duplicatesOf(error: unknown): number[] {
  if (!(error instanceof mongoose.mongo.MongoBulkWriteError)) throw error;
  const failures = [error.writeErrors].flat();
  const isOther = failures.length === 0 || failures.some(({ code }) => code !== DUPLICATE_KEY);
  if (isOther || error.result.getWriteConcernError()) throw error;
  return failures.map(({ index }) => index);
}

/** Whether MongoDB answers a ping within `timeoutMs`. Never throws. */
export async function isMongoUp(timeoutMs = 2_000): Promise<boolean> {
  try {
    await mongoose.connection.db?.command({ ping: 1 }, { timeoutMS: timeoutMs });
    return mongoose.connection.readyState === 1;
  } catch {
    return false;
  }
}

export async function disconnectMongo(): Promise<void> {
  await mongoose.disconnect();
}
