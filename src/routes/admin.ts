import { Router } from 'express';
import { Types } from 'mongoose';
import { authorize } from '../middleware/authorize.js';
import { handle } from '../middleware/validate.js';
import { AdminGetBusiness, AdminUpdateBusiness } from '../schemas/admin.js';
import { presentBusiness } from '../schemas/businesses.js';
import * as businesses from '../services/businesses.js';

export const admin = Router();

admin.get(
  '/businesses/:id',
  authorize('super_admin'),
  handle(AdminGetBusiness, async ({ params }) => ({
    business: presentBusiness(await businesses.get(new Types.ObjectId(params.id))),
  })),
);

admin.patch(
  '/businesses/:id',
  authorize('super_admin'),
  handle(AdminUpdateBusiness, async ({ params, body }) => ({
    business: presentBusiness(await businesses.administer(new Types.ObjectId(params.id), body)),
  })),
);
