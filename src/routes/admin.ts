import { Router } from 'express';
import { actorOf } from '../middleware/audit.js';
import { authorize } from '../middleware/authorize.js';
import { handle } from '../middleware/validate.js';
import { ListAudit, presentAuditEntry } from '../schemas/audit.js';
import { GetHubStats, presentHubStats } from '../schemas/hub-stats.js';
import { PauseSending, presentSending, ResumeSending } from '../schemas/sending.js';
import * as auditLog from '../services/audit-log.js';
import * as hubSending from '../services/hub-sending.js';
import * as hubStats from '../services/hub-stats.js';

/** The hub's own administration. Whatever changes something here is an act of `services/audit.ts`. */
export const admin = Router();

admin.get(
  '/stats',
  authorize('super_admin'),
  handle(GetHubStats, async () => {
    const [stats, halt] = await Promise.all([hubStats.read(), hubSending.read()]);
    return { stats: presentHubStats(stats, halt) };
  }),
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
