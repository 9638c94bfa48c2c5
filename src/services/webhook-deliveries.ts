import { Types } from 'mongoose';
import type { z } from 'zod';
import { soleAttempt } from '../attempt.js';
import { conflict, notFound } from '../errors.js';
import { type Event, EventModel, type EventType } from '../models/event.js';
import { type WebhookAttempt, WebhookAttemptModel } from '../models/webhook-attempt.js';
import { type WebhookEndpoint, WebhookEndpointModel } from '../models/webhook-endpoint.js';
import { JOURNALED } from '../mongo.js';
import type { ListWebhookAttempts, ReplayWebhook } from '../schemas/webhooks.js';
import { owned, type Tenant } from '../tenant.js';
import { attempt as tryOnce } from '../webhooks/attempt.js';
import { createCaller } from '../webhooks/call.js';
import { testMessage } from '../webhooks/message.js';
import { requeue } from '../webhooks/queue.js';
import * as pages from './pages.js';
import * as webhooks from './webhooks.js';

/** The calls of an endpoint, newest first. @throws AppError `not_found`. */
export async function list(
  tenant: Tenant,
  id: string,
  { status, event, ...page }: z.output<typeof ListWebhookAttempts.query>,
): Promise<pages.Page<WebhookAttempt>> {
  const { _id: endpoint } = await webhooks.find(tenant, id);
  const filter = {
    endpoint,
    ...(status ? { status } : {}),
    ...(event ? { event: new Types.ObjectId(event) } : {}),
  };
  return pages.read(page, (before, count) =>
    WebhookAttemptModel.find(owned(tenant, { ...before, ...filter }))
      .sort({ _id: -1 })
      .limit(count)
      .lean<WebhookAttempt[]>(),
  );
}

/**
 * Posts a test event at once, and records what became of it. It says nothing of the endpoint's health, which is that of its
 * events. A request that comes again after its process died posts it once more, with the same id.
 * @throws AppError `not_found`.
 */
export async function test(tenant: Tenant, id: string, attempt = soleAttempt()): Promise<WebhookAttempt> {
  const endpoint = await webhooks.find(tenant, id);
  const made = attempt.isRepeat
    ? await WebhookAttemptModel.findOne(
        owned(tenant, { endpoint: endpoint._id, event: attempt.id }),
      ).lean<WebhookAttempt>()
    : null;
  if (made) return made;
  const caller = createCaller();
  try {
    const message = testMessage(attempt.id, tenant.businessId, new Date());
    const tried = await tryOnce(caller, endpoint, message, { cause: 'test', number: 1 });
    await WebhookAttemptModel.collection.insertOne(tried);
    return tried;
  } finally {
    caller.close();
  }
}

/**
 * Queues the event of an attempt anew.
 * @throws AppError `not_found`; `conflict` where the endpoint is not active, or the log has not got the event.
 */
export async function redeliver(
  tenant: Tenant,
  { id, attemptId }: { id: string; attemptId: string },
  attempt = soleAttempt(),
): Promise<{ eventId: string; type: EventType; status: 'pending' }> {
  const endpoint = await webhooks.find(tenant, id);
  const tried = await WebhookAttemptModel.findOne(
    owned(tenant, { _id: new Types.ObjectId(attemptId), endpoint: endpoint._id }),
  ).lean<WebhookAttempt>();
  if (!tried) throw notFound('attempt');
  requireActive(endpoint);
  const event = await EventModel.findOne(owned(tenant, { _id: tried.event })).lean<Event>();
  if (!event) throw conflict('The log has not got this event: it has expired, or was a test');
  await requeue(endpoint, [event], 'redelivery', attempt.id);
  return { eventId: event._id.toHexString(), type: event.type, status: 'pending' };
}

/**
 * Begins a replay of the log: one write into the endpoint, from which a worker takes it (`webhooks/replay.ts`).
 * @throws AppError `not_found`; `conflict` where the endpoint is not active, or a replay of it runs.
 */
export async function replay(
  tenant: Tenant,
  id: string,
  { from, to, types = [] }: z.output<typeof ReplayWebhook.body>,
  attempt = soleAttempt(),
): Promise<webhooks.Shown> {
  const now = new Date();
  const begun = {
    id: attempt.id,
    from,
    to: to < now ? to : now,
    types,
    queued: 0,
    isRunning: true,
    startedAt: now,
  };
  const changed = await WebhookEndpointModel.findOneAndUpdate(
    owned(tenant, {
      _id: new Types.ObjectId(id),
      isActive: true,
      'replay.isRunning': { $ne: true },
      'replay.id': { $ne: attempt.id },
    }),
    { $set: { replay: begun } },
    { returnDocument: 'after', writeConcern: JOURNALED },
  ).lean<WebhookEndpoint>();
  if (changed) return webhooks.shown(changed);
  const present = await webhooks.find(tenant, id);
  // The earlier try of this request began it.
  if (present.replay?.id.equals(attempt.id)) return webhooks.shown(present);
  requireActive(present);
  throw conflict('A replay of this webhook runs already');
}

function requireActive({ isActive }: WebhookEndpoint): void {
  if (!isActive) throw conflict('This webhook is not active; switch it on first: PATCH with isActive');
}
