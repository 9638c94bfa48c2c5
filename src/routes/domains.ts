import { Router } from 'express';
import { actorOf } from '../middleware/audit.js';
import { authorize } from '../middleware/authorize.js';
import { usersOnly } from '../middleware/users-only.js';
import { handle } from '../middleware/validate.js';
import {
  AddDomain,
  DeleteDomain,
  GetDomain,
  ListDomains,
  ProveDomain,
  presentDomain,
  VerifyDomain,
} from '../schemas/domains.js';
import * as domains from '../services/domains.js';

export const domainRoutes = Router();

const present = ({ domain, region }: domains.Found) => presentDomain(domain, region);

domainRoutes.get(
  '/',
  authorize('manage_settings'),
  handle(ListDomains, async ({ tenant }) => ({ domains: (await domains.list(tenant)).map(present) })),
);

domainRoutes.post(
  '/',
  authorize('manage_settings'),
  handle(AddDomain, async ({ tenant, body, attempt }) => ({
    domain: present(await domains.add(tenant, body, attempt)),
  })),
);

domainRoutes.get(
  '/:id',
  authorize('manage_settings'),
  handle(GetDomain, async ({ tenant, params }) => ({ domain: present(await domains.get(tenant, params.id)) })),
);

domainRoutes.delete(
  '/:id',
  authorize('manage_settings'),
  handle(DeleteDomain, async ({ tenant, params, query }) => {
    await domains.remove(tenant, params.id, query);
    return {};
  }),
);

domainRoutes.post(
  '/:id/verify',
  authorize('manage_settings'),
  handle(VerifyDomain, async ({ tenant, params }) => ({ domain: present(await domains.verify(tenant, params.id)) })),
);

domainRoutes.post(
  '/:id/prove',
  authorize('manage_settings'),
  usersOnly('vouch for a domain'),
  handle(ProveDomain, async ({ tenant, params, ...call }) => ({
    domain: present(await domains.prove(tenant, actorOf(call), params.id)),
  })),
);
