import { Types } from 'mongoose';
import { businessInactive, forbidden, notFound } from '../errors.js';
import { logger } from '../logger.js';
import { type ApiKey, ApiKeyModel } from '../models/api-key.js';
import { JOURNALED } from '../mongo.js';
import type { Permission } from '../permissions.js';
import { type Caller, owned, type Tenant } from '../tenant.js';
import { type Callers, callers, type WithBusiness, withBusiness } from './callers.js';
import * as keyFormat from './key-format.js';
import * as pages from './pages.js';

const LAST_USED_EVERY_MS = 60_000;

/**
 * Makes a key for the tenant. `key` is its only copy: what is stored is a hash.
 * @throws AppError `forbidden` for a permission that its maker does not hold.
 */
export async function create(
  tenant: Tenant,
  maker: Caller,
  { name, permissions }: { name: string; permissions: readonly Permission[] },
): Promise<{ apiKey: ApiKey; key: string }> {
  const lacking = permissions.filter((permission) => !mayGrant(maker, permission));
  if (lacking.length > 0) throw forbidden(`You can only grant what you hold, and you lack ${lacking.join(', ')}`);
  const key = keyFormat.generate('live');
  const created = await ApiKeyModel.create({
    business: tenant.businessId,
    name,
    mode: 'live',
    hash: keyFormat.hash(key),
    prefix: keyFormat.prefix(key),
    permissions: [...permissions],
    createdBy: maker.id,
  });
  return { apiKey: created.toObject(), key };
}

/** The tenant's keys, newest first. */
export async function list(
  tenant: Tenant,
  page: { cursor?: string | undefined; limit: number },
): Promise<pages.Page<ApiKey>> {
  return pages.read(page, (before, count) =>
    ApiKeyModel.find(owned(tenant, before)).sort({ _id: -1 }).limit(count).lean<ApiKey[]>(),
  );
}

/**
 * Ends a key, at once in this process and within a second in every other. Journaled, lest a crash revive it.
 * @throws AppError `not_found`.
 */
export async function remove(tenant: Tenant, id: string): Promise<void> {
  const { deletedCount } = await ApiKeyModel.deleteOne(owned(tenant, { _id: new Types.ObjectId(id) }), {
    writeConcern: JOURNALED,
  });
  callers.forget();
  if (deletedCount === 0) throw notFound('API key');
}

/**
 * Who a key speaks for, or undefined where there is no such key.
 * @throws AppError `business_inactive`.
 */
export async function callerOf(key: string, known: Callers = callers): Promise<Caller | undefined> {
  if (!keyFormat.isWellFormed(key)) return undefined;
  const hash = keyFormat.hash(key);
  return known.keys.get(hash, () => read(hash));
}

async function read(hash: string): Promise<Caller | undefined> {
  const [found] = await ApiKeyModel.aggregate<WithBusiness<ApiKey>>([{ $match: { hash } }, ...withBusiness()]);
  if (!found) return undefined;
  const { business } = found;
  if (business?.status !== 'active') throw businessInactive();
  noteUse(found);
  return {
    kind: 'key',
    id: found._id,
    role: 'api_key',
    permissions: found.permissions,
    businessId: business._id,
    isTest: found.mode === 'test',
  };
}

/** Who may send anything may also let a key send one kind of it. */
function mayGrant({ permissions }: Caller, permission: Permission): boolean {
  return (
    permissions.includes(permission) || (permission === 'send_transactional' && permissions.includes('send_emails'))
  );
}

/** Once a minute and beside the request: a key used a thousand times a second must not write so often. */
function noteUse({ _id, lastUsed }: Pick<ApiKey, '_id' | 'lastUsed'>): void {
  const now = new Date();
  const stale = new Date(now.getTime() - LAST_USED_EVERY_MS);
  if (lastUsed && lastUsed > stale) return;
  ApiKeyModel.updateOne({ _id, lastUsed: { $not: { $gt: stale } } }, { $set: { lastUsed: now } }, { timestamps: false })
    .exec()
    .catch((err: unknown) => logger().warn({ err, apiKeyId: _id }, 'the last use of an API key was not written'));
}
