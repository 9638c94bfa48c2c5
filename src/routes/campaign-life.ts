import { Router } from 'express';
import { authorize } from '../middleware/authorize.js';
import { liveOnly } from '../middleware/live-only.js';
import { handle } from '../middleware/validate.js';
import {
  CancelCampaign,
  PauseCampaign,
  PreflightCampaign,
  presentPreflight,
  presentTest,
  ResumeCampaign,
  RetryCampaign,
  ScheduleCampaign,
  SendCampaign,
  TestCampaign,
  UnscheduleCampaign,
} from '../schemas/campaign-life.js';
import { presentCampaign } from '../schemas/campaigns.js';
import * as life from '../services/campaign-life.js';
import { sendTest } from '../services/campaign-tests.js';

/** The moves of a campaign, each allowed or refused by the one table in `sending/states.ts`. */
export const campaignLifeRoutes = Router();

campaignLifeRoutes.post(
  '/:id/preflight',
  authorize('send_emails'),
  handle(PreflightCampaign, async ({ tenant, params }) => ({
    preflight: presentPreflight(await life.preflight(tenant, params.id)),
  })),
);

campaignLifeRoutes.post(
  '/:id/send',
  authorize('send_emails'),
  liveOnly('send campaigns'),
  handle(SendCampaign, async ({ tenant, params, attempt }) => {
    const { campaign, warnings } = await life.send(tenant, params.id, attempt);
    return { campaign: presentCampaign(campaign), warnings };
  }),
);

campaignLifeRoutes.post(
  '/:id/schedule',
  authorize('send_emails'),
  liveOnly('send campaigns'),
  handle(ScheduleCampaign, async ({ tenant, params, body, attempt }) => {
    const { campaign, preflight } = await life.schedule(tenant, params.id, body.scheduledFor, attempt);
    return { campaign: presentCampaign(campaign), preflight: presentPreflight(preflight) };
  }),
);

campaignLifeRoutes.post(
  '/:id/unschedule',
  authorize('send_emails'),
  handle(UnscheduleCampaign, async ({ tenant, params, attempt }) => ({
    campaign: presentCampaign(await life.unschedule(tenant, params.id, attempt)),
  })),
);

campaignLifeRoutes.post(
  '/:id/pause',
  authorize('send_emails'),
  handle(PauseCampaign, async ({ tenant, params, attempt }) => ({
    campaign: presentCampaign(await life.pause(tenant, params.id, attempt)),
  })),
);

campaignLifeRoutes.post(
  '/:id/resume',
  authorize('send_emails'),
  liveOnly('send campaigns'),
  handle(ResumeCampaign, async ({ tenant, params, body, attempt }) => {
    const { campaign, warnings } = await life.resume(tenant, params.id, body, attempt);
    return { campaign: presentCampaign(campaign), warnings };
  }),
);

campaignLifeRoutes.post(
  '/:id/cancel',
  authorize('send_emails'),
  handle(CancelCampaign, async ({ tenant, params, attempt }) => ({
    campaign: presentCampaign(await life.cancel(tenant, params.id, attempt)),
  })),
);

campaignLifeRoutes.post(
  '/:id/retry',
  authorize('send_emails'),
  liveOnly('send campaigns'),
  handle(RetryCampaign, async ({ tenant, params, body, attempt }) => {
    const { campaign, retried, warnings } = await life.retry(tenant, params.id, body, attempt);
    return { campaign: presentCampaign(campaign), retried, warnings };
  }),
);

campaignLifeRoutes.post(
  '/:id/test',
  authorize('send_emails'),
  liveOnly('send campaigns'),
  handle(TestCampaign, async ({ tenant, caller, params, body, attempt }) => ({
    recipients: (await sendTest(tenant, caller, params.id, body, attempt)).map(presentTest),
  })),
);
