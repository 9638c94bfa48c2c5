import { config } from '../config.js';
import { type Event, EventModel } from '../models/event.js';
import { insertMissing, JOURNALED } from '../mongo.js';
import { interest } from '../webhooks/interest.js';

/**
 * Puts events into the log of their business, and marks by the same write those that a webhook wants. An event keeps the id it
 * was made with: whoever puts it there again, after a crash or beside another process, changes nothing.
 */
export async function log(events: readonly Omit<Event, 'expiresAt'>[]): Promise<void> {
  if (events.length === 0) return;
  const isWanted = await interest(events);
  const rows = events.map((event) => ({
    ...event,
    ...(isWanted(event) ? { fanOut: true } : {}),
    expiresAt: new Date(event.at.getTime() + config().eventRetentionMs),
  }));
  await insertMissing(EventModel.collection, rows, JOURNALED);
}
