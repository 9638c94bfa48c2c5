import { Router } from 'express';
import { authorize } from '../middleware/authorize.js';
import { handle } from '../middleware/validate.js';
import {
  CreateTemplate,
  DeleteTemplate,
  DuplicateTemplate,
  GetTemplate,
  ListTemplates,
  PreviewTemplate,
  presentTemplate,
  UpdateTemplate,
} from '../schemas/templates.js';
import * as service from '../services/templates.js';

export const templates = Router();

templates.post(
  '/',
  authorize('manage_templates'),
  handle(CreateTemplate, async ({ tenant, caller, body, attempt }) => ({
    template: presentTemplate(await service.create(tenant, caller, body, attempt)),
  })),
);

templates.get(
  '/',
  authorize('manage_templates'),
  handle(ListTemplates, async ({ tenant, query }) => {
    const { items, pagination } = await service.list(tenant, query);
    return { templates: items.map(presentTemplate), pagination };
  }),
);

templates.get(
  '/:id',
  authorize('manage_templates'),
  handle(GetTemplate, async ({ tenant, params }) => ({
    template: presentTemplate(await service.get(tenant, params.id)),
  })),
);

templates.patch(
  '/:id',
  authorize('manage_templates'),
  handle(UpdateTemplate, async ({ tenant, params, body }) => ({
    template: presentTemplate(await service.update(tenant, params.id, body)),
  })),
);

templates.delete(
  '/:id',
  authorize('manage_templates'),
  handle(DeleteTemplate, async ({ tenant, params }) => {
    await service.remove(tenant, params.id);
    return {};
  }),
);

templates.post(
  '/:id/preview',
  authorize('manage_templates'),
  handle(PreviewTemplate, async ({ tenant, params, body }) => ({
    preview: await service.preview(tenant, params.id, body.variables),
  })),
);

templates.post(
  '/:id/duplicate',
  authorize('manage_templates'),
  handle(DuplicateTemplate, async ({ tenant, caller, params, body, attempt }) => ({
    template: presentTemplate(await service.duplicate(tenant, caller, params.id, body.name, attempt)),
  })),
);
