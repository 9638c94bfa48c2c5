import { config } from '../config.js';
import { type Event, EventModel } from '../models/event.js';
import { insertMissing, JOURNALED } from '../mongo.js';

/**
 * Puts events into the log of their business. An event keeps the id it was made with: whoever puts it there again, after
 * a crash or beside another process, changes nothing.
 */
export async function log(events: readonly Omit<Event, 'expiresAt'>[]): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map((event) => ({
    ...event,
    expiresAt: new Date(event.at.getTime() + config().eventRetentionMs),
  }));
  await insertMissing(EventModel.collection, rows, JOURNALED);
}
