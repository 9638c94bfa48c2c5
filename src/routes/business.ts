import { Router } from 'express';
import { authorize } from '../middleware/authorize.js';
import { usersOnly } from '../middleware/users-only.js';
import { handle } from '../middleware/validate.js';
import { BusinessStats, presentBusinessStats } from '../schemas/business-stats.js';
import { ConnectSes, DisconnectSes, GetBusiness, presentBusiness, UpdateBusiness } from '../schemas/businesses.js';
import { CheckSes } from '../schemas/ses-check.js';
import { BusinessUsage, presentUsage } from '../schemas/usage.js';
import * as businessStats from '../services/business-stats/index.js';
import * as businesses from '../services/businesses.js';
import * as sesCheck from '../services/ses-check/index.js';
import * as sesConfiguration from '../services/ses-configuration.js';
import * as usage from '../services/usage.js';

export const business = Router();

business.get(
  '/',
  authorize('any'),
  handle(GetBusiness, async ({ tenant }) => ({
    business: presentBusiness(await businesses.shown(await businesses.get(tenant.businessId))),
  })),
);

business.patch(
  '/',
  authorize('manage_settings'),
  handle(UpdateBusiness, async ({ tenant, body }) => ({
    business: presentBusiness(await businesses.update(tenant, body)),
  })),
);

business.get(
  '/stats',
  authorize('view_analytics'),
  handle(BusinessStats, async ({ tenant, query }) => ({
    stats: presentBusinessStats(await businessStats.stats(tenant, query)),
  })),
);

business.get(
  '/usage',
  authorize('view_analytics'),
  handle(BusinessUsage, async ({ tenant }) => ({ usage: presentUsage(await usage.read(tenant)) })),
);

business.put(
  '/ses',
  authorize('manage_settings'),
  usersOnly('change SES credentials'),
  handle(ConnectSes, async ({ tenant, body }) => {
    const { business, quota } = await sesConfiguration.connect(tenant, body);
    return { business: presentBusiness(await businesses.shown(business)), quota };
  }),
);

business.delete(
  '/ses',
  authorize('manage_settings'),
  usersOnly('change SES credentials'),
  handle(DisconnectSes, async ({ tenant }) => {
    await sesConfiguration.disconnect(tenant);
    return {};
  }),
);

business.post(
  '/ses/check',
  authorize('manage_settings'),
  handle(CheckSes, async ({ tenant }) => sesCheck.check(tenant)),
);
