import { Router } from 'express';
import { Types } from 'mongoose';
import { actorOf } from '../middleware/audit.js';
import { authorize } from '../middleware/authorize.js';
import { handle } from '../middleware/validate.js';
import { AdminGetBusiness, AdminUpdateBusiness } from '../schemas/admin.js';
import { ListAudit, presentAuditEntry } from '../schemas/audit.js';
import { presentBusiness } from '../schemas/businesses.js';
import { PauseSending, presentSending, ResumeSending } from '../schemas/sending.js';
import * as auditLog from '../services/audit-log.js';
import * as businesses from '../services/businesses.js';
import * as hubSending from '../services/hub-sending.js';

/** The hub's own administration. Whatever changes something here is an act of `services/audit.ts`. */
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

admin.get(
  '/audit',
  authorize('super_admin'),
  handle(ListAudit, async ({ query }) => {
    const { items, pagination } = await auditLog.list(query);
    return { entries: items.map(presentAuditEntry), pagination };
  }),
);

admin.post(
  '/sending/pause',
  authorize('super_admin'),
  handle(PauseSending, async ({ body, ...call }) => ({
    sending: presentSending(await hubSending.pause(actorOf(call), body.reason)),
  })),
);

admin.post(
  '/sending/resume',
  authorize('super_admin'),
  handle(ResumeSending, async (call) => ({ sending: presentSending(await hubSending.resume(actorOf(call))) })),
);
