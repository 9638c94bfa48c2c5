import { Router } from 'express';
import { Types } from 'mongoose';
import { actorOf } from '../middleware/audit.js';
import { authorize } from '../middleware/authorize.js';
import { handle } from '../middleware/validate.js';
import {
  AdminCreateBusiness,
  AdminGetBusiness,
  AdminListBusinesses,
  AdminResetQuota,
  AdminUpdateBusiness,
  presentOverview,
} from '../schemas/admin.js';
import { presentIdentity } from '../schemas/auth.js';
import * as businesses from '../services/admin-businesses.js';

/** The businesses of the hub. Whatever changes one here is an act of `services/audit.ts`. */
export const adminBusinesses = Router();

const idOf = ({ id }: { id: string }) => new Types.ObjectId(id);

adminBusinesses.get(
  '/',
  authorize('super_admin'),
  handle(AdminListBusinesses, async ({ query }) => {
    const { items, pagination } = await businesses.list(query);
    return { businesses: items.map(presentOverview), pagination };
  }),
);

adminBusinesses.post(
  '/',
  authorize('super_admin'),
  handle(AdminCreateBusiness, async ({ body, attempt, ...call }) => {
    const { user, ...overview } = await businesses.create(actorOf(call), body, attempt);
    return { business: presentOverview(overview), user: presentIdentity({ user, business: null }).user };
  }),
);

adminBusinesses.get(
  '/:id',
  authorize('super_admin'),
  handle(AdminGetBusiness, async ({ params }) => ({ business: presentOverview(await businesses.get(idOf(params))) })),
);

adminBusinesses.patch(
  '/:id',
  authorize('super_admin'),
  handle(AdminUpdateBusiness, async ({ params, body, ...call }) => ({
    business: presentOverview(await businesses.update(actorOf(call), idOf(params), body)),
  })),
);

adminBusinesses.post(
  '/:id/reset-quota',
  authorize('super_admin'),
  handle(AdminResetQuota, async ({ params, ...call }) => ({
    business: presentOverview(await businesses.resetQuota(actorOf(call), idOf(params))),
  })),
);
