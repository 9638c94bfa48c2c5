import { Router } from 'express';
import { authorize } from '../middleware/authorize.js';
import { handle } from '../middleware/validate.js';
import { CampaignStats, presentCampaignStats } from '../schemas/campaign-stats.js';
import {
  CreateCampaign,
  DeleteCampaign,
  DuplicateCampaign,
  GetCampaign,
  ListCampaigns,
  presentCampaign,
  UpdateCampaign,
} from '../schemas/campaigns.js';
import * as campaignStats from '../services/campaign-stats.js';
import * as campaigns from '../services/campaigns.js';
import * as hubSending from '../services/hub-sending.js';

export const campaignRoutes = Router();

campaignRoutes.post(
  '/',
  authorize('manage_campaigns'),
  handle(CreateCampaign, async ({ tenant, caller, body, attempt }) => ({
    campaign: presentCampaign(await campaigns.create(tenant, caller, body, attempt)),
  })),
);

campaignRoutes.get(
  '/',
  authorize('manage_campaigns'),
  handle(ListCampaigns, async ({ tenant, query }) => {
    const [{ items, pagination }, halt] = await Promise.all([campaigns.list(tenant, query), hubSending.recent()]);
    return { campaigns: items.map((one) => presentCampaign(one, halt)), pagination };
  }),
);

campaignRoutes.get(
  '/:id',
  authorize('manage_campaigns'),
  handle(GetCampaign, async ({ tenant, params }) => ({
    campaign: presentCampaign(await campaigns.get(tenant, params.id), await hubSending.recent()),
  })),
);

campaignRoutes.patch(
  '/:id',
  authorize('manage_campaigns'),
  handle(UpdateCampaign, async ({ tenant, caller, params, body }) => ({
    campaign: presentCampaign(await campaigns.update(tenant, caller, params.id, body)),
  })),
);

campaignRoutes.delete(
  '/:id',
  authorize('manage_campaigns'),
  handle(DeleteCampaign, async ({ tenant, params }) => {
    await campaigns.remove(tenant, params.id);
    return {};
  }),
);

campaignRoutes.post(
  '/:id/duplicate',
  authorize('send_emails', 'manage_campaigns'),
  handle(DuplicateCampaign, async ({ tenant, caller, params, body, attempt }) => ({
    campaign: presentCampaign(await campaigns.duplicate(tenant, caller, params.id, body.name, attempt)),
  })),
);

campaignRoutes.get(
  '/:id/stats',
  authorize('view_analytics'),
  handle(CampaignStats, async ({ tenant, params, query }) => ({
    stats: presentCampaignStats(await campaignStats.stats(tenant, params.id, query)),
  })),
);
