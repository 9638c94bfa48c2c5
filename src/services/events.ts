import { Types } from 'mongoose';
import { z } from 'zod';
import { type Event, EventModel } from '../models/event.js';
import type { ListEvents } from '../schemas/events.js';
import { owned, type Tenant } from '../tenant.js';
import { hexId, opened, sealed } from './cursors.js';
import type { Page } from './pages.js';

/**
 * The tenant's log, newest first. By time and not by id: ids of the same second do not say which came first.
 * @throws AppError `validation_failed` for a cursor that no page gave.
 */
export async function list(
  tenant: Tenant,
  { type, campaign, email, from, to, cursor, limit }: z.output<typeof ListEvents.query>,
): Promise<Page<Event>> {
  const at = { ...(from ? { $gte: from } : {}), ...(to ? { $lt: to } : {}) };
  const filter = {
    ...(type ? { type } : {}),
    ...(campaign ? { campaign: new Types.ObjectId(campaign) } : {}),
    ...(email ? { email } : {}),
    ...(from || to ? { at } : {}),
    ...(cursor ? { $or: before(cursor) } : {}),
  };
  // One more than asked for tells whether there is a next page.
  const rows = await EventModel.find(owned(tenant, filter))
    .sort({ at: -1, _id: -1 })
    .limit(limit + 1)
    .lean<Event[]>();
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1) : undefined;
  const nextCursor = last ? sealed([last.at.getTime(), last._id.toHexString()]) : null;
  return { items, pagination: { nextCursor, hasMore: last !== undefined } };
}

function before(cursor: string) {
  const [ms, id] = opened(cursor, z.tuple([z.int(), hexId]));
  const at = new Date(ms);
  return [{ at: { $lt: at } }, { at, _id: { $lt: new Types.ObjectId(id) } }];
}
