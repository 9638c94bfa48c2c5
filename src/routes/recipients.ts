import { Router } from 'express';
import { Types } from 'mongoose';
import { invalid } from '../errors.js';
import { authorize } from '../middleware/authorize.js';
import { sendCsv } from '../middleware/download.js';
import { withUpload } from '../middleware/upload.js';
import { describe, handle } from '../middleware/validate.js';
import { problemsOf } from '../schemas/problems.js';
import {
  AddRecipients,
  ExportRecipients,
  ListRecipients,
  presentRecipient,
  RECIPIENT_FILES,
  RemoveRecipient,
} from '../schemas/recipients.js';
import { exportRecipients } from '../services/recipient-export.js';
import { importRecipients } from '../services/recipient-import/index.js';
import * as recipients from '../services/recipients.js';
import type { Tenant } from '../tenant.js';

/** Hangs under a campaign, whose id is `params.id`. */
export const recipientRoutes = Router({ mergeParams: true });

recipientRoutes.post(
  '/',
  authorize('manage_campaigns'),
  handle(AddRecipients, ({ tenant, params, body, req }) => {
    const campaignId = new Types.ObjectId(params.id);
    if (body) return importRecipients(tenant, campaignId, body);
    return withUpload(req, RECIPIENT_FILES, (upload) => importRecipients(tenant, campaignId, upload));
  }),
);

recipientRoutes.get(
  '/',
  authorize('view_analytics'),
  handle(ListRecipients, async ({ tenant, params, query }) => {
    const { items, pagination } = await recipients.list(tenant, new Types.ObjectId(params.id), query);
    return { recipients: items.map(presentRecipient), pagination };
  }),
);

recipientRoutes.get('/export', authorize('manage_campaigns'), describe(ExportRecipients), async (req, res) => {
  const params = ExportRecipients.params.safeParse(req.params);
  if (!params.success) throw invalid(problemsOf(params.error));
  const { id } = params.data;
  const { tenant } = res.locals as { tenant: Tenant };
  await sendCsv(res, `recipients-${id}.csv`, await exportRecipients(tenant, new Types.ObjectId(id)));
});

recipientRoutes.delete(
  '/:recipientId',
  authorize('manage_campaigns'),
  handle(RemoveRecipient, async ({ tenant, params }) => {
    await recipients.remove(tenant, new Types.ObjectId(params.id), new Types.ObjectId(params.recipientId));
    return {};
  }),
);
