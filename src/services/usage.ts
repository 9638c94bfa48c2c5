import type { Business } from '../models/business.js';
import { type EmailCampaign, EmailCampaignModel } from '../models/email-campaign.js';
import { type Cap, capOfCampaign, capOfDomain } from '../sending/limits/caps.js';
import { type Usage, usage } from '../sending/limits/usage.js';
import { owned, type Tenant } from '../tenant.js';
import * as businesses from './businesses.js';

/** What has a daily cap. */
export interface Capped {
  domain?: string;
  campaign?: EmailCampaign['_id'];
}

/** So many campaigns under way with a cap of their own are told, the newest first. */
const MAX_CAMPAIGNS = 100;

/**
 * What the tenant has used of its month, and today of each daily cap: of its sending domains, and of campaigns under way.
 * @returns `capped` says what each of `caps` is about.
 */
export async function read(tenant: Tenant): Promise<Usage & { capped: Capped[] }> {
  const business = await businesses.get(tenant.businessId);
  const campaigns = await EmailCampaignModel.find(
    owned(tenant, { status: { $in: ['sending', 'paused'] as const }, dailyCap: { $gt: 0 }, launchedAt: { $ne: null } }),
    { dailyCap: 1 },
  )
    .sort({ _id: -1 })
    .limit(MAX_CAMPAIGNS)
    .lean<EmailCampaign[]>();
  const of: { cap: Cap; capped: Capped }[] = [...domainsOf(business), ...campaigns.flatMap(campaignOf)];
  const found = await usage(
    tenant.businessId,
    of.map(({ cap }) => cap),
  );
  return { ...found, capped: of.map(({ capped }) => capped) };
}

const domainsOf = ({ settings }: Business) =>
  (settings.domainLimits ?? []).map((limit) => ({ cap: capOfDomain(limit), capped: { domain: limit.domain } }));

const campaignOf = ({ _id, dailyCap }: EmailCampaign) =>
  dailyCap ? [{ cap: capOfCampaign(_id, dailyCap), capped: { campaign: _id } }] : [];
