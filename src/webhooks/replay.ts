import { type Event, EventModel, type EventType, LOG_INDEXES } from '../models/event.js';
import { WebhookDeliveryModel } from '../models/webhook-delivery.js';
import { type WebhookEndpoint, WebhookEndpointModel } from '../models/webhook-endpoint.js';
import { requeue } from './queue.js';

type Replay = NonNullable<WebhookEndpoint['replay']>;

const PAGE = 500;

/**
 * With so many due an endpoint gets no further page: what happens just now would have to wait behind it. What waits for its next
 * try stands in nobody's way, and after an outage may be just what is replayed.
 */
const ENOUGH = 1_000;

/**
 * Goes on with every replay, a page each. The page is queued before the cursor moves, and an event is queued once by a replay:
 * a page that is done twice, after a crash or by two workers, changes nothing the second time.
 */
export async function replayAll(): Promise<void> {
  const endpoints = await WebhookEndpointModel.find({ 'replay.isRunning': true, isActive: true }).lean<
    WebhookEndpoint[]
  >();
  for (const endpoint of endpoints) if (endpoint.replay) await replayPage(endpoint, endpoint.replay);
}

async function replayPage(endpoint: WebhookEndpoint, replay: Replay): Promise<void> {
  const isDue = { status: 'pending', endpoint: endpoint._id, dueAt: { $lte: new Date() } } as const;
  if ((await WebhookDeliveryModel.countDocuments(isDue).limit(ENOUGH)) >= ENOUGH) return;
  const events = await pageOf(endpoint, replay);
  await requeue(endpoint, events, 'replay', replay.id);
  const last = events.at(-1);
  const isOver = events.length < PAGE;
  await WebhookEndpointModel.updateOne(
    { _id: endpoint._id, 'replay.id': replay.id, 'replay.isRunning': true, 'replay.queued': replay.queued },
    {
      $set: {
        ...(last ? { 'replay.cursor': { at: last.at, id: last._id } } : {}),
        ...(isOver ? { 'replay.finishedAt': new Date() } : {}),
      },
      $inc: { 'replay.queued': events.length },
      ...(isOver ? { $unset: { 'replay.isRunning': 1 as const } } : {}),
    },
    { timestamps: false },
  );
}

/** The next events in the order of the log; within one moment the id decides. */
function pageOf(
  { business, types: subscribed }: WebhookEndpoint,
  { from, to, types, cursor }: Replay,
): Promise<Event[]> {
  const at = cursor?.at ?? from;
  const wanted = typesOf(subscribed, types);
  return EventModel.find({
    business,
    at: { $gte: at, $lt: to },
    ...(wanted ? { type: { $in: wanted } } : {}),
    ...(cursor ? { $or: [{ at: { $gt: at } }, { _id: { $gt: cursor.id } }] } : {}),
  })
    .select({ business: 1, at: 1, expiresAt: 1 })
    .sort({ at: 1, _id: 1 })
    .hint(wanted ? LOG_INDEXES.type : LOG_INDEXES.all)
    .limit(PAGE)
    .lean<Event[]>();
}

/** Those asked for among those that the endpoint gets; undefined for all. */
function typesOf(subscribed: readonly EventType[], asked: readonly EventType[]): EventType[] | undefined {
  if (asked.length === 0) return subscribed.length === 0 ? undefined : [...subscribed];
  return asked.filter((type) => subscribed.length === 0 || subscribed.includes(type));
}
