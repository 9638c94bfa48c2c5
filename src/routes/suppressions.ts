import { Router } from 'express';
import { authorize } from '../middleware/authorize.js';
import { withUpload } from '../middleware/upload.js';
import { handle } from '../middleware/validate.js';
import { RECIPIENT_FILES } from '../schemas/recipients.js';
import {
  AddSuppression,
  ImportSuppressions,
  ListSuppressions,
  presentAccountList,
  presentSuppression,
  RemoveSuppression,
} from '../schemas/suppressions.js';
import * as suppressions from '../services/suppressions.js';

export const suppressionRoutes = Router();

suppressionRoutes.get(
  '/',
  authorize('manage_campaigns'),
  handle(ListSuppressions, async ({ tenant, query }) => {
    const { items, pagination } = await suppressions.list(tenant, query);
    return { suppressions: items.map(presentSuppression), pagination };
  }),
);

suppressionRoutes.post(
  '/',
  authorize('manage_campaigns'),
  handle(AddSuppression, async ({ tenant, caller, body }) => ({
    suppression: presentSuppression(await suppressions.add(tenant, caller, body)),
  })),
);

suppressionRoutes.post(
  '/import',
  authorize('manage_campaigns'),
  handle(ImportSuppressions, async ({ tenant, caller, query: { reason }, body, req }) => {
    const source = body ? { recipients: body.suppressions } : undefined;
    const { duplicates, added, invalid, errors } = source
      ? await suppressions.importAll(tenant, caller, reason, source)
      : await withUpload(req, RECIPIENT_FILES, (upload) => suppressions.importAll(tenant, caller, reason, upload));
    return { added, known: duplicates, invalid, errors };
  }),
);

suppressionRoutes.delete(
  '/:id',
  authorize('manage_campaigns'),
  handle(RemoveSuppression, async ({ tenant, params, query }) => ({
    sesList: presentAccountList(await suppressions.remove(tenant, params.id, query.reason)),
  })),
);
