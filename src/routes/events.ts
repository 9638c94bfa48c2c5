import { Router } from 'express';
import { authorize } from '../middleware/authorize.js';
import { handle } from '../middleware/validate.js';
import { ListEvents, presentEvent } from '../schemas/events.js';
import * as events from '../services/events.js';

export const eventRoutes = Router();

eventRoutes.get(
  '/',
  authorize('view_analytics'),
  handle(ListEvents, async ({ tenant, query }) => {
    const { items, pagination } = await events.list(tenant, query);
    return { events: items.map(presentEvent), pagination };
  }),
);
