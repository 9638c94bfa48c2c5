import { Types } from 'mongoose';
import { z } from 'zod';
import { EVENT_TYPES, type Event, EventModel, LOG_INDEXES } from '../models/event.js';
import type { ListEvents } from '../schemas/events.js';
import { owned, type Tenant } from '../tenant.js';
import { hexId, opened, sealed, timeMs } from './cursors.js';
import type { Page } from './pages.js';

type Filters = Omit<z.output<typeof ListEvents.query>, 'limit'>;

/**
 * The tenant's log, newest first. By time and not by id: ids of the same second do not say which came first.
 * @throws AppError `validation_failed` for a cursor that no page gave.
 */
export async function list(
  tenant: Tenant,
  { limit, ...filters }: z.output<typeof ListEvents.query>,
): Promise<Page<Event>> {
  const { filter, sort, index } = queryOf(tenant, filters);
  // One more than asked for tells whether there is a next page.
  const rows = await EventModel.find(filter)
    .sort(sort)
    .hint(index)
    .limit(limit + 1)
    .lean<Event[]>();
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1) : undefined;
  const nextCursor = last ? sealed([last.at.getTime(), last._id.toHexString()]) : null;
  return { items, pagination: { nextCursor, hasMore: last !== undefined } };
}

/**
 * How a page is looked for: the index of the filter that leaves the fewest is named, for MongoDB would choose by a trial of
 * what happens to lie at its head.
 * @throws AppError `validation_failed` for a cursor that no page gave.
 */
export function queryOf(tenant: Tenant, { type, campaign, delivery, email, from, to, cursor }: Filters) {
  const place = cursor === undefined ? undefined : placeOf(cursor);
  // The bounds of the index are those of `at` alone; within one moment the id decides.
  const at = {
    ...(from ? { $gte: from } : {}),
    ...(to ? { $lt: to } : {}),
    ...(place ? { $lte: place.at } : {}),
  };
  const types = type ?? (campaign && !delivery && !email ? { $in: EVENT_TYPES } : undefined);
  const filter = owned(tenant, {
    ...(types ? { type: types } : {}),
    ...(campaign ? { campaign: new Types.ObjectId(campaign) } : {}),
    ...(delivery ? { delivery: new Types.ObjectId(delivery) } : {}),
    ...(email ? { email } : {}),
    ...(Object.keys(at).length > 0 ? { at } : {}),
    ...(place ? { $or: [{ at: { $lt: place.at } }, { _id: { $lt: place.id } }] } : {}),
  });
  return { filter, sort: { at: -1, _id: -1 } as const, index: indexOf({ type, campaign, delivery, email }) };
}

function indexOf({ type, campaign, delivery, email }: Filters) {
  if (delivery) return LOG_INDEXES.delivery;
  if (email) return LOG_INDEXES.email;
  if (campaign) return LOG_INDEXES.campaign;
  return type ? LOG_INDEXES.type : LOG_INDEXES.all;
}

function placeOf(cursor: string): { at: Date; id: Types.ObjectId } {
  const [ms, id] = opened(cursor, z.tuple([timeMs, hexId]));
  return { at: new Date(ms), id: new Types.ObjectId(id) };
}
