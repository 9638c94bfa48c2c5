import { Types } from 'mongoose';
import type { z } from 'zod';
import { type Event, EventModel } from '../models/event.js';
import type { ListEvents } from '../schemas/events.js';
import { owned, type Tenant } from '../tenant.js';
import * as pages from './pages.js';

/** The tenant's log, newest first. */
export async function list(
  tenant: Tenant,
  { type, campaign, from, to, ...page }: z.output<typeof ListEvents.query>,
): Promise<pages.Page<Event>> {
  const at = { ...(from ? { $gte: from } : {}), ...(to ? { $lt: to } : {}) };
  const filter = {
    ...(type ? { type } : {}),
    ...(campaign ? { campaign: new Types.ObjectId(campaign) } : {}),
    ...(from || to ? { at } : {}),
  };
  return pages.read(page, (before, count) =>
    EventModel.find(owned(tenant, { ...before, ...filter }))
      .sort({ _id: -1 })
      .limit(count)
      .lean<Event[]>(),
  );
}
