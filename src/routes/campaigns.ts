import { Router } from 'express';
import { authorize } from '../middleware/authorize.js';
import { handle } from '../middleware/validate.js';
import {
  CampaignStats,
  CancelCampaign,
  CreateCampaign,
  GetCampaign,
  ListCampaigns,
  PauseCampaign,
  presentCampaign,
  presentCounts,
  ResumeCampaign,
  SendCampaign,
  UpdateCampaign,
} from '../schemas/campaigns.js';
import * as campaigns from '../services/campaigns.js';

export const campaignRoutes = Router();

campaignRoutes.post(
  '/',
  authorize('manage_campaigns'),
  handle(CreateCampaign, async ({ tenant, caller, body }) => ({
    campaign: presentCampaign(await campaigns.create(tenant, caller, body)),
  })),
);

campaignRoutes.get(
  '/',
  authorize('manage_campaigns'),
  handle(ListCampaigns, async ({ tenant, query }) => {
    const { items, pagination } = await campaigns.list(tenant, query);
    return { campaigns: items.map(presentCampaign), pagination };
  }),
);

campaignRoutes.get(
  '/:id',
  authorize('manage_campaigns'),
  handle(GetCampaign, async ({ tenant, params }) => ({
    campaign: presentCampaign(await campaigns.get(tenant, params.id)),
  })),
);

campaignRoutes.patch(
  '/:id',
  authorize('manage_campaigns'),
  handle(UpdateCampaign, async ({ tenant, params, body }) => ({
    campaign: presentCampaign(await campaigns.update(tenant, params.id, body)),
  })),
);

campaignRoutes.post(
  '/:id/send',
  authorize('send_emails'),
  handle(SendCampaign, async ({ tenant, params }) => ({
    campaign: presentCampaign(await campaigns.send(tenant, params.id)),
  })),
);

campaignRoutes.post(
  '/:id/pause',
  authorize('send_emails'),
  handle(PauseCampaign, async ({ tenant, params }) => ({
    campaign: presentCampaign(await campaigns.pause(tenant, params.id)),
  })),
);

campaignRoutes.post(
  '/:id/resume',
  authorize('send_emails'),
  handle(ResumeCampaign, async ({ tenant, params }) => ({
    campaign: presentCampaign(await campaigns.resume(tenant, params.id)),
  })),
);

campaignRoutes.post(
  '/:id/cancel',
  authorize('send_emails'),
  handle(CancelCampaign, async ({ tenant, params }) => ({
    campaign: presentCampaign(await campaigns.cancel(tenant, params.id)),
  })),
);

campaignRoutes.get(
  '/:id/stats',
  authorize('view_analytics'),
  handle(CampaignStats, async ({ tenant, params }) => ({
    stats: presentCounts(await campaigns.stats(tenant, params.id)),
  })),
);
