import { Router } from 'express';
import { authorize } from '../middleware/authorize.js';
import { usersOnly } from '../middleware/users-only.js';
import { handle } from '../middleware/validate.js';
import { CreateApiKey, DeleteApiKey, ListApiKeys, presentApiKey, RotateApiKey } from '../schemas/api-keys.js';
import * as service from '../services/api-keys.js';

export const apiKeys = Router();

apiKeys.post(
  '/',
  authorize('manage_settings'),
  usersOnly('manage API keys'),
  handle(CreateApiKey, async ({ tenant, caller, body, attempt }) => {
    const { key, ...made } = await service.create(tenant, caller, body, attempt);
    return { apiKey: { ...presentApiKey(made), key } };
  }),
);

apiKeys.post(
  '/:id/rotate',
  authorize('manage_settings'),
  usersOnly('manage API keys'),
  handle(RotateApiKey, async ({ tenant, caller, params, body, attempt }) => {
    const { key, ...rotated } = await service.rotate(tenant, caller, params.id, body, attempt);
    return { apiKey: { ...presentApiKey(rotated), key } };
  }),
);

apiKeys.get(
  '/',
  authorize('manage_settings'),
  usersOnly('manage API keys'),
  handle(ListApiKeys, async ({ tenant, query }) => {
    const { items, pagination } = await service.list(tenant, query);
    return { apiKeys: items.map(presentApiKey), pagination };
  }),
);

apiKeys.delete(
  '/:id',
  authorize('manage_settings'),
  usersOnly('manage API keys'),
  handle(DeleteApiKey, async ({ tenant, params }) => {
    await service.remove(tenant, params.id);
    return {};
  }),
);
