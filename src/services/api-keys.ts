import { Types } from 'mongoose';
import type { z } from 'zod';
import { type Attempt, createOnce, soleAttempt } from '../attempt.js';
import { businessInactive, conflict, forbidden, notFound } from '../errors.js';
import { logger } from '../logger.js';
import { type ApiKey, ApiKeyModel, type Predecessor } from '../models/api-key.js';
import { type User, UserModel } from '../models/user.js';
import { JOURNALED } from '../mongo.js';
import type { Permission } from '../permissions.js';
import type { CreateApiKey, RotateApiKey } from '../schemas/api-keys.js';
import { type Caller, owned, type Tenant } from '../tenant.js';
import { type Callers, callers, type WithBusiness, withBusiness } from './callers.js';
import * as keyFormat from './key-format.js';
import { handedOver, living, opensAt } from './key-rotation.js';
import * as pages from './pages.js';

const LAST_USED_EVERY_MS = 60_000;

/** More keys than these do not work side by side: whoever rotates so often has another problem. */
const MAX_PREDECESSORS = 10;

/** A key as people see it, with those of its predecessors that still work. */
export interface ShownKey {
  apiKey: ApiKey;
  predecessors: Predecessor[];
  /** Null when he was removed. */
  makerName: string | null;
}

/**
 * Makes a key for the tenant. `key` is its only copy: what is stored is a hash. It is the business's, and keeps what it was
 * given whatever becomes of its maker.
 * @throws AppError `forbidden` for a permission that its maker does not hold; `conflict` as `renewed`.
 */
export async function create(
  tenant: Tenant,
  maker: Caller,
  { name, mode, permissions, expiresAt }: z.output<typeof CreateApiKey.body>,
  attempt = soleAttempt(),
): Promise<ShownKey & { key: string }> {
  requireGrant(maker, permissions);
  const key = keyFormat.generate(mode);
  const secret = secretOf(key);
  const apiKey = await createOnce(attempt, renewed(tenant, attempt, secret), async () => {
    const created = new ApiKeyModel({
      ...secret,
      _id: attempt.id,
      business: tenant.businessId,
      name,
      mode,
      permissions,
      createdBy: maker.id,
      ...(expiresAt ? { expiresAt } : {}),
    });
    await created.save({ ...JOURNALED });
    return created.toObject();
  });
  return { ...(await shown(apiKey)), key };
}

/**
 * An earlier try died before it could tell anybody its key: the same document gets another one.
 * @throws AppError `conflict` where somebody was told the key that it has: it was rotated since, or a later try made it.
 */
const renewed =
  (tenant: Tenant, { id, isRepeat }: Attempt, secret: Pick<ApiKey, 'hash' | 'prefix'>) =>
  async (): Promise<ApiKey | null> => {
    if (!isRepeat) throw conflict('This request was taken for dead, and tried again: that try has made the key');
    const made = owned(tenant, { _id: id });
    const apiKey = await ApiKeyModel.findOneAndUpdate(
      { ...made, rotation: { $exists: false } },
      { $set: secret },
      { returnDocument: 'after', writeConcern: JOURNALED },
    ).lean<ApiKey>();
    if (apiKey || !(await ApiKeyModel.exists(made))) return apiKey;
    throw conflict('This key was made, and rotated since; rotate it once more to be shown one');
  };

/** The tenant's keys, newest first, those that have expired among them. */
export async function list(
  tenant: Tenant,
  page: { cursor?: string | undefined; limit: number },
): Promise<pages.Page<ShownKey>> {
  const { items, pagination } = await pages.read(page, (before, count) =>
    ApiKeyModel.find(owned(tenant, before)).sort({ _id: -1 }).limit(count).lean<ApiKey[]>(),
  );
  const makers = await makersOf(items);
  return { items: items.map((apiKey) => asShown(apiKey, makers)), pagination };
}

/**
 * Puts a new key in the place of an old one. One write of one document, which holds the old ones' hashes and ends: there is no moment
 * at which neither works, and deleting the document ends them all. No key before the new one outlives the overlap.
 * @throws AppError `not_found`; `forbidden` for a key with a permission that the caller lacks: he is shown it; `conflict` where
 * the key has expired, another rotation came first, or too many predecessors work still.
 */
export async function rotate(
  tenant: Tenant,
  caller: Caller,
  id: string,
  { overlapHours }: z.output<typeof RotateApiKey.body>,
  attempt = soleAttempt(),
): Promise<ShownKey & { key: string }> {
  const old = await ApiKeyModel.findOne(owned(tenant, { _id: new Types.ObjectId(id) })).lean<ApiKey>();
  if (!old) throw notFound('API key');
  requireGrant(caller, old.permissions);
  const now = new Date();
  if (old.expiresAt && old.expiresAt <= now) throw conflict('This key has expired; make a new one');
  // An earlier try died before it could tell anybody its key: that one is replaced, and nothing is handed over again.
  const isReplaced = old.rotation?.equals(attempt.id);
  if (isReplaced && !attempt.isRepeat) throw conflict('This key was rotated or deleted a moment ago');
  const predecessors = isReplaced ? (old.predecessors ?? []) : handedOver(old, overlapHours, now);
  if (predecessors.length > MAX_PREDECESSORS) {
    throw conflict(`${MAX_PREDECESSORS} keys before this one still work; end them with overlapHours 0`);
  }
  const key = keyFormat.generate(old.mode);
  const rotated = await ApiKeyModel.findOneAndUpdate(
    owned(tenant, { _id: old._id, hash: old.hash }),
    { $set: { ...secretOf(key), predecessors, rotation: attempt.id } },
    { returnDocument: 'after', runValidators: true, writeConcern: JOURNALED },
  ).lean<ApiKey>();
  if (!rotated) throw conflict('This key was rotated or deleted a moment ago');
  callers.forget();
  return { ...(await shown(rotated)), key };
}

/**
 * Ends a key and its predecessors, for one document holds them all: at once in this process, and within a second in every
 * other. Journaled, lest a crash revive it.
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
  const [found] = await ApiKeyModel.aggregate<WithBusiness<ApiKey>>([
    { $match: opensAt(hash, new Date()) },
    ...withBusiness(),
  ]);
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
    plan: business.subscription.plan,
    isTest: found.mode === 'test',
  };
}

/** What is stored of a key. */
function secretOf(key: string): Pick<ApiKey, 'hash' | 'prefix'> {
  return { hash: keyFormat.hash(key), prefix: keyFormat.prefix(key) };
}

async function shown(apiKey: ApiKey): Promise<ShownKey> {
  return asShown(apiKey, await makersOf([apiKey]));
}

function asShown(apiKey: ApiKey, makers: ReadonlyMap<string, string>): ShownKey {
  const makerName = makers.get(String(apiKey.createdBy)) ?? null;
  return { apiKey, predecessors: living(apiKey, new Date()), makerName };
}

/** The names of those who made the keys, by id: people of the business, and administrators of the hub. */
async function makersOf(keys: readonly ApiKey[]): Promise<Map<string, string>> {
  const makers = await UserModel.find({ _id: { $in: keys.map(({ createdBy }) => createdBy) } })
    .select({ name: 1 })
    .lean<Pick<User, '_id' | 'name'>[]>();
  return new Map(makers.map(({ _id, name }) => [String(_id), name]));
}

/** @throws AppError `forbidden`. */
function requireGrant(giver: Caller, permissions: readonly Permission[]): void {
  const lacking = permissions.filter((permission) => !mayGrant(giver, permission));
  if (lacking.length > 0) throw forbidden(`You can only grant what you hold, and you lack ${lacking.join(', ')}`);
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
