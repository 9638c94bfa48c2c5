import type { Types } from 'mongoose';
import { type Event, EventModel, FAN_OUT_INDEX } from '../models/event.js';
import { activeOf, wants } from './interest.js';
import { queue } from './queue.js';

/** Events of a business that are queued at once; then it is the next one's turn. */
const PAGE = 500;

/**
 * Queues what is marked in the log for each endpoint that gets it, and only then takes the mark off: whatever dies in between,
 * the next round does it again, and changes nothing that was done.
 */
export async function fanOut(): Promise<void> {
  for (;;) {
    const businesses = await EventModel.distinct('business', { fanOut: true });
    if (businesses.length === 0) return;
    for (const business of businesses) await fanOutPage(business);
  }
}

async function fanOutPage(business: Types.ObjectId): Promise<void> {
  const events = await EventModel.find({ fanOut: true, business })
    .select({ business: 1, type: 1, expiresAt: 1 })
    .hint(FAN_OUT_INDEX)
    .limit(PAGE)
    .lean<Event[]>();
  // After the events, so that each is told to every endpoint that was there when it was logged.
  const endpoints = await activeOf([business]);
  await queue(
    events.flatMap((event) =>
      endpoints.filter((endpoint) => wants(endpoint, event)).map((endpoint) => ({ endpoint, event })),
    ),
  );
  await EventModel.collection.updateMany({ _id: { $in: events.map(({ _id }) => _id) } }, { $unset: { fanOut: 1 } });
}
