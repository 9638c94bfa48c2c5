import type { Types } from 'mongoose';
import { logger } from '../logger.js';
import { type ApiKey, ApiKeyModel } from '../models/api-key.js';
import type { Caller } from '../tenant.js';
import * as businesses from './businesses.js';
import * as keyFormat from './key-format.js';

const LAST_USED_EVERY_MS = 60_000;

/**
 * Who a key speaks for, or undefined where there is no such key.
 * @throws AppError `business_inactive`.
 */
export async function callerOf(key: string): Promise<Caller | undefined> {
  if (!keyFormat.isWellFormed(key)) return undefined;
  const found = await ApiKeyModel.findOne({ hash: keyFormat.hash(key) }).lean<ApiKey>();
  if (!found) return undefined;
  await businesses.requireActive(found.business);
  noteUse(found);
  return {
    kind: 'key',
    id: found._id,
    role: 'api_key',
    permissions: found.permissions,
    businessId: found.business,
    isTest: found.mode === 'test',
  };
}

/** Once a minute and beside the request: a key used a thousand times a second must not write so often. */
function noteUse({ _id, lastUsed }: { _id: Types.ObjectId; lastUsed?: Date | null }): void {
  const now = new Date();
  const stale = new Date(now.getTime() - LAST_USED_EVERY_MS);
  if (lastUsed && lastUsed > stale) return;
  ApiKeyModel.updateOne({ _id, lastUsed: { $not: { $gt: stale } } }, { $set: { lastUsed: now } }, { timestamps: false })
    .exec()
    .catch((err: unknown) => logger().warn({ err, apiKeyId: _id }, 'the last use of an API key was not written'));
}
