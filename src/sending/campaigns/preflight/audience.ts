import type { Types } from 'mongoose';
import mongoose from 'mongoose';
import { type Delivery, DeliveryModel } from '../../../models/delivery.js';
import { SuppressionModel } from '../../../models/suppression.js';
import { missing } from '../../../templates/missing.js';
import { type Compiled, isGiven } from '../../../templates/source.js';
import { owned, type Tenant } from '../../../tenant.js';
import { GIVEN_BY_THE_ENGINE, valuesFor } from '../../batch/values.js';

/** Variables that nobody is obliged to give are looked for in so many recipients. */
const SAMPLE = 1_000;

/** The suppression list is held against the recipients in such parts, for at most so long, in ms. */
const CHUNK = 1_000;
const SUPPRESSED_MS = 5_000;

/** Reading every recipient for a required variable takes at most so long, in ms. */
const REQUIRED_MS = 20_000;

/** The filter of a campaign's recipients, by the index of their addresses: a partial one, hence the `$type`. */
const recipientsOf = (campaignId: Types.ObjectId) => ({ campaign: { $eq: campaignId, $type: 'objectId' as const } });

/** The first recipients that are still to be mailed. */
export async function sampleOf(campaignId: Types.ObjectId): Promise<Delivery[]> {
  return DeliveryModel.find({ campaign: campaignId, status: 'pending' }).limit(SAMPLE).lean<Delivery[]>();
}

/** How many are still to be mailed. */
export function pendingOf(campaignId: Types.ObjectId): Promise<number> {
  return DeliveryModel.countDocuments({ campaign: campaignId, status: 'pending' });
}

/**
 * How many of those still to be mailed are on the business's suppression list; undefined when it is so long that this
 * would take more than some seconds.
 */
export async function suppressedOf(tenant: Tenant, campaignId: Types.ObjectId): Promise<number | undefined> {
  const until = performance.now() + SUPPRESSED_MS;
  const rows = SuppressionModel.find(owned(tenant, { 'reasons.0': { $exists: true } }), { email: 1, _id: 0 })
    .lean<{ email: string }[]>()
    .cursor({ batchSize: CHUNK });
  let count = 0;
  let emails: string[] = [];
  const countChunk = async () => {
    count += await DeliveryModel.countDocuments({
      ...recipientsOf(campaignId),
      email: { $in: emails },
      status: 'pending',
    });
    emails = [];
  };
  for await (const { email } of rows) {
    emails.push(email);
    if (emails.length < CHUNK) continue;
    await countChunk();
    if (performance.now() > until) return undefined;
  }
  if (emails.length > 0) await countChunk();
  return count;
}

/** A variable that recipients lack, and how many of them. */
export interface Lack {
  name: string;
  recipients: number;
}

/**
 * The required variables without a default that recipients lack: all of them are read. Undefined when that would take
 * too long.
 */
export async function lackingRequired(campaignId: Types.ObjectId, compiled: Compiled): Promise<Lack[] | undefined> {
  const names = compiled.variables
    .filter(({ name, required, defaultValue }) => required && !isGiven(defaultValue) && !GIVEN_BY_THE_ENGINE.has(name))
    .map(({ name }) => name);
  if (names.length === 0) return [];
  const sums = names.map((name, index) => [`n${index}`, { $sum: { $cond: [isLacking(name), 1, 0] } }]);
  try {
    const [counts] = await DeliveryModel.aggregate<Record<string, number>>([
      { $match: { ...recipientsOf(campaignId), status: 'pending' } },
      { $group: { _id: null, ...Object.fromEntries(sums) } },
    ]).option({ maxTimeMS: REQUIRED_MS });
    return names
      .map((name, index) => ({ name, recipients: counts?.[`n${index}`] ?? 0 }))
      .filter((one) => one.recipients);
  } catch (error) {
    const isTimeout = error instanceof mongoose.mongo.MongoServerError && error.codeName === 'MaxTimeMSExpired';
    if (isTimeout) return undefined;
    throw error;
  }
}

/** As `isGiven` in templates/source.ts, within MongoDB. */
function isLacking(name: string) {
  const variable = { $getField: { field: { $literal: name }, input: { $ifNull: ['$variables', {}] } } };
  const value = name === 'name' ? { $ifNull: ['$name', variable] } : variable;
  const isBlank = { $and: [{ $eq: [{ $type: value }, 'string'] }, { $eq: [{ $trim: { input: value } }, ''] }] };
  return { $or: [{ $in: [{ $type: value }, ['missing', 'null', 'undefined']] }, isBlank] };
}

/** The variables used without being required that some of these recipients lack. */
export function lackingOptional(sample: readonly Delivery[], compiled: Compiled): Lack[] {
  const counts = new Map<string, number>();
  for (const delivery of sample) {
    const { optional } = missing(compiled, valuesFor(delivery, '#', { open: '#', links: ['#'] }));
    for (const name of optional) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, recipients]) => ({ name, recipients }));
}
