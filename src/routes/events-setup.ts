import { Router } from 'express';
import { authorize } from '../middleware/authorize.js';
import { usersOnly } from '../middleware/users-only.js';
import { handle } from '../middleware/validate.js';
import {
  GetEventsSetup,
  presentEventsSetup,
  RotateEventsUrl,
  SetUpEvents,
  StoreEventsSetup,
} from '../schemas/events-setup.js';
import * as eventsSetup from '../services/events-setup.js';
import type { Caller, Tenant } from '../tenant.js';

export const eventsSetupRoutes = Router();

type Wiring = NonNullable<Awaited<ReturnType<typeof eventsSetup.get>>>;

function present(tenant: Tenant, { kind }: Caller, wiring: Wiring | undefined) {
  const url = wiring && kind === 'user' ? eventsSetup.urlOf(tenant, wiring) : undefined;
  return { eventsSetup: presentEventsSetup(wiring, wiring ? eventsSetup.isConfirmed(wiring) : false, url) };
}

eventsSetupRoutes.get(
  '/',
  authorize('manage_settings'),
  handle(GetEventsSetup, async ({ tenant, caller }) => present(tenant, caller, await eventsSetup.get(tenant))),
);

eventsSetupRoutes.post(
  '/',
  authorize('manage_settings'),
  usersOnly('wire events'),
  handle(SetUpEvents, async ({ tenant, caller }) => present(tenant, caller, await eventsSetup.setUp(tenant))),
);

eventsSetupRoutes.put(
  '/',
  authorize('manage_settings'),
  usersOnly('wire events'),
  handle(StoreEventsSetup, async ({ tenant, caller, body }) =>
    present(tenant, caller, await eventsSetup.store(tenant, body)),
  ),
);

eventsSetupRoutes.post(
  '/rotate',
  authorize('manage_settings'),
  usersOnly('replace the inbound URL'),
  handle(RotateEventsUrl, async ({ tenant, caller, attempt }) =>
    present(tenant, caller, await eventsSetup.rotate(tenant, attempt)),
  ),
);
