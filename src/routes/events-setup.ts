import { Router } from 'express';
import { authorize } from '../middleware/authorize.js';
import { usersOnly } from '../middleware/users-only.js';
import { handle } from '../middleware/validate.js';
import {
  AdoptEventsSetup,
  GetEventsSetup,
  presentEventsSetup,
  RotateInboundUrl,
  SetUpEvents,
} from '../schemas/events-setup.js';
import * as eventsSetup from '../services/events-setup.js';

export const eventsSetupRoutes = Router();

eventsSetupRoutes.get(
  '/',
  authorize('manage_settings'),
  handle(GetEventsSetup, async ({ tenant, caller }) => ({
    eventsSetup: presentEventsSetup(await eventsSetup.get(tenant), caller.kind === 'user'),
  })),
);

eventsSetupRoutes.post(
  '/',
  authorize('manage_settings'),
  usersOnly('set up the events of SES'),
  handle(SetUpEvents, async ({ tenant }) => ({
    eventsSetup: presentEventsSetup(await eventsSetup.setUp(tenant), true),
  })),
);

eventsSetupRoutes.put(
  '/',
  authorize('manage_settings'),
  usersOnly('set up the events of SES'),
  handle(AdoptEventsSetup, async ({ tenant, body }) => ({
    eventsSetup: presentEventsSetup(await eventsSetup.adopt(tenant, body), true),
  })),
);

eventsSetupRoutes.post(
  '/rotate',
  authorize('manage_settings'),
  usersOnly('replace the inbound URL'),
  handle(RotateInboundUrl, async ({ tenant }) => ({
    eventsSetup: presentEventsSetup(await eventsSetup.rotate(tenant), true),
  })),
);
