import { createHash } from 'node:crypto';
import { Types } from 'mongoose';
import type { Event } from '../models/event.js';
import type { AttemptCause } from '../models/webhook-attempt.js';
import { WebhookDeliveryModel } from '../models/webhook-delivery.js';
import type { WebhookEndpoint } from '../models/webhook-endpoint.js';
import { duplicatesOf, insertMissing, JOURNALED } from '../mongo.js';

type Queued = Pick<Event, '_id' | 'business' | 'expiresAt'>;

/** The id of what an endpoint is to get of an event: there is one, however often it is queued. */
export const deliveryId = (endpoint: Types.ObjectId, event: Types.ObjectId) =>
  new Types.ObjectId(createHash('sha256').update(endpoint.id).update(event.id).digest().subarray(0, 12));

/** Queues events for endpoints; what was queued before, delivered or not, stays as it is. Journaled. */
export async function queue(pairs: readonly { endpoint: WebhookEndpoint; event: Queued }[]): Promise<void> {
  const now = new Date();
  const rows = pairs.map(({ endpoint, event }) => ({
    _id: deliveryId(endpoint._id, event._id),
    ...fresh(endpoint, event, 'event', now),
  }));
  await insertMissing(WebhookDeliveryModel.collection, rows, JOURNALED);
}

/**
 * Queues events anew, delivered or not, with all their tries; once for each `by`, the request that wants it. Journaled. A
 * worker that has one under way loses its claim, so that one is posted once more.
 */
export async function requeue(
  endpoint: WebhookEndpoint,
  events: readonly Queued[],
  cause: AttemptCause,
  by: Types.ObjectId,
): Promise<void> {
  if (events.length === 0) return;
  const now = new Date();
  const writes = events.map((event) => ({
    updateOne: {
      // What is there and was queued by it meets the id at the insert, and stays as it is.
      filter: { _id: deliveryId(endpoint._id, event._id), requeuedBy: { $ne: by } },
      update: {
        $set: { ...fresh(endpoint, event, cause, now), requeuedBy: by },
        $unset: { claim: 1 as const, deliveredAt: 1 as const },
      },
      upsert: true,
    },
  }));
  await WebhookDeliveryModel.collection
    .bulkWrite(writes, { ordered: false, writeConcern: JOURNALED })
    .catch(duplicatesOf);
}

const fresh = ({ _id }: WebhookEndpoint, { _id: event, business, expiresAt }: Queued, cause: AttemptCause, now: Date) =>
  ({
    business,
    endpoint: _id,
    event,
    status: 'pending',
    cause,
    attempts: 0,
    dueAt: now,
    queuedAt: now,
    expiresAt,
  }) as const;
