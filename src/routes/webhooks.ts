import { Router } from 'express';
import { authorize } from '../middleware/authorize.js';
import { usersOnly } from '../middleware/users-only.js';
import { handle } from '../middleware/validate.js';
import {
  CreateWebhook,
  DeleteWebhook,
  GetWebhook,
  ListWebhookAttempts,
  ListWebhooks,
  presentAttempt,
  presentWebhook,
  RedeliverWebhook,
  ReplayWebhook,
  RotateWebhookSecret,
  TestWebhook,
  UpdateWebhook,
} from '../schemas/webhooks.js';
import * as deliveries from '../services/webhook-deliveries.js';
import * as webhooks from '../services/webhooks.js';

export const webhookRoutes = Router();

webhookRoutes.get(
  '/',
  authorize('manage_settings'),
  handle(ListWebhooks, async ({ tenant, query }) => {
    const { items, pagination } = await webhooks.list(tenant, query);
    return { webhooks: items.map(presentWebhook), pagination };
  }),
);

webhookRoutes.post(
  '/',
  authorize('manage_settings'),
  usersOnly('be shown the secret of a webhook'),
  handle(CreateWebhook, async ({ tenant, body, attempt }) => {
    const { secret, ...made } = await webhooks.create(tenant, body, attempt);
    return { webhook: { ...presentWebhook(made), secret } };
  }),
);

webhookRoutes.get(
  '/:id',
  authorize('manage_settings'),
  handle(GetWebhook, async ({ tenant, params }) => ({
    webhook: presentWebhook(await webhooks.get(tenant, params.id)),
  })),
);

webhookRoutes.patch(
  '/:id',
  authorize('manage_settings'),
  handle(UpdateWebhook, async ({ tenant, params, body }) => ({
    webhook: presentWebhook(await webhooks.update(tenant, params.id, body)),
  })),
);

webhookRoutes.delete(
  '/:id',
  authorize('manage_settings'),
  handle(DeleteWebhook, async ({ tenant, params }) => {
    await webhooks.remove(tenant, params.id);
    return {};
  }),
);

webhookRoutes.post(
  '/:id/rotate-secret',
  authorize('manage_settings'),
  usersOnly('be shown the secret of a webhook'),
  handle(RotateWebhookSecret, async ({ tenant, params, body, attempt }) => {
    const { secret, ...made } = await webhooks.rotateSecret(tenant, params.id, body, attempt);
    return { webhook: { ...presentWebhook(made), secret } };
  }),
);

webhookRoutes.post(
  '/:id/test',
  authorize('manage_settings'),
  handle(TestWebhook, async ({ tenant, params, attempt }) => ({
    attempt: presentAttempt(await deliveries.test(tenant, params.id, attempt)),
  })),
);

webhookRoutes.get(
  '/:id/attempts',
  authorize('manage_settings'),
  handle(ListWebhookAttempts, async ({ tenant, params, query }) => {
    const { items, pagination } = await deliveries.list(tenant, params.id, query);
    return { attempts: items.map(presentAttempt), pagination };
  }),
);

webhookRoutes.post(
  '/:id/attempts/:attemptId/redeliver',
  authorize('manage_settings'),
  handle(RedeliverWebhook, async ({ tenant, params, attempt }) => ({
    delivery: await deliveries.redeliver(tenant, params, attempt),
  })),
);

webhookRoutes.post(
  '/:id/replay',
  authorize('manage_settings'),
  handle(ReplayWebhook, async ({ tenant, params, body, attempt }) => ({
    webhook: presentWebhook(await deliveries.replay(tenant, params.id, body, attempt)),
  })),
);
