import { randomUUID } from 'node:crypto';
import type { Types } from 'mongoose';
import { BusinessModel } from '../models/business.js';
import { type WebhookDelivery, WebhookDeliveryModel } from '../models/webhook-delivery.js';
import { type WebhookEndpoint, WebhookEndpointModel } from '../models/webhook-endpoint.js';

/**
 * A claim lasts so long, in ms, and is renewed while its call runs: what a killed worker had is tried again after it. By the
 * clocks of the machines, whose difference, like a worker that stands still, makes it come earlier at worst: then twice.
 */
const CLAIM_MS = 5_000;

/** So often, in ms. */
export const RENEW_EVERY_MS = 1_000;

/** Workers look at so many times what they want, so that two do not want the same. */
const LOOK_AT = 4;

/**
 * The endpoints for which something waits, if it is due or not, and that may be told: active ones, of active businesses. A
 * suspended business's events wait, as all of its mail does.
 */
export async function endpointsWithWork(): Promise<WebhookEndpoint[]> {
  const ids = await WebhookDeliveryModel.distinct('endpoint', { status: 'pending' });
  if (ids.length === 0) return [];
  const endpoints = await WebhookEndpointModel.find({ _id: { $in: ids } }).lean<WebhookEndpoint[]>();
  await dropOrphans(ids, endpoints);
  const active = endpoints.filter(({ isActive }) => isActive);
  const businesses = await BusinessModel.distinct('_id', {
    _id: { $in: active.map(({ business }) => business) },
    status: 'active',
  });
  const ofActive = new Set(businesses.map(String));
  return active.filter(({ business }) => ofActive.has(String(business)));
}

/** What waits for an endpoint that is deleted: its deletion died on the way, or an event came in at that moment. */
async function dropOrphans(ids: readonly Types.ObjectId[], found: readonly WebhookEndpoint[]): Promise<void> {
  const known = new Set(found.map(({ _id }) => String(_id)));
  const gone = ids.filter((id) => !known.has(String(id)));
  if (gone.length > 0) await WebhookDeliveryModel.deleteMany({ endpoint: { $in: gone } });
}

/** A claimed delivery; its token is what its outcome is written by. */
export type Claimed = Pick<WebhookDelivery, '_id' | 'event' | 'cause' | 'attempts'> & { claim: string };

/** Claims what is due of an endpoint, up to so many: one write each, of which one worker comes out with it. */
export async function claim(endpoint: Types.ObjectId, most: number): Promise<Claimed[]> {
  const now = new Date();
  const isDue = { status: 'pending', endpoint, dueAt: { $lte: now } } as const;
  const due = await WebhookDeliveryModel.find(isDue)
    .sort({ dueAt: 1 })
    .limit(most * LOOK_AT)
    .select({ _id: 1 })
    .lean<Pick<WebhookDelivery, '_id'>[]>();
  if (due.length === 0) return [];
  const _id = { $in: sample(due, most).map((row) => row._id) };
  const token = randomUUID();
  await WebhookDeliveryModel.updateMany(
    { ...isDue, _id },
    { $set: { claim: token, dueAt: new Date(now.getTime() + CLAIM_MS) } },
  );
  return WebhookDeliveryModel.find({ _id, claim: token })
    .select({ event: 1, cause: 1, attempts: 1, claim: 1 })
    .lean<Claimed[]>();
}

/** So many of them, chosen at random; in their order where they are no more than that. */
function sample<T>(all: readonly T[], most: number): readonly T[] {
  if (all.length <= most) return all;
  const start = Math.floor(Math.random() * (all.length - most + 1));
  return all.slice(start, start + most);
}

/** Their calls run still. */
export async function renew(rows: readonly Claimed[]): Promise<void> {
  if (rows.length === 0) return;
  await WebhookDeliveryModel.updateMany(claimed(rows), { $set: { dueAt: new Date(Date.now() + CLAIM_MS) } });
}

/** What was claimed and not posted, or not to its end: due again at once. */
export async function giveBack(rows: readonly Claimed[]): Promise<void> {
  await WebhookDeliveryModel.updateMany(claimed(rows), { $set: { dueAt: new Date() }, $unset: { claim: 1 } });
}

/** What the log has not got any more cannot be told. */
export async function giveUp(rows: readonly Claimed[]): Promise<void> {
  await WebhookDeliveryModel.updateMany(claimed(rows), {
    $set: { status: 'failed' },
    $unset: { dueAt: 1, claim: 1 },
  });
}

/** As they were claimed, and not by another since. */
const claimed = (rows: readonly Claimed[]) => ({
  _id: { $in: rows.map(({ _id }) => _id) },
  claim: { $in: [...new Set(rows.map(({ claim: token }) => token))] },
});
