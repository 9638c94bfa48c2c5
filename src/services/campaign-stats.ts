import type { z } from 'zod';
import type { EmailCampaign } from '../models/email-campaign.js';
import { type CampaignStats, MAX_SERIES_DAYS } from '../schemas/campaign-stats.js';
import { type Report, reportOf } from '../sending/campaigns/report.js';
import type { Hour } from '../sending/campaigns/report-pipeline.js';
import type { Tenant } from '../tenant.js';
import { get } from './campaigns.js';

const HOUR_MS = 3_600_000;
const MAX_SERIES_MS = MAX_SERIES_DAYS * 24 * HOUR_MS;

/**
 * What became of a campaign, as the ledger had it at `asOf`, with the hours that were asked for: one after the other, also
 * those in which nothing happened.
 * @throws AppError `not_found`.
 */
export async function stats(tenant: Tenant, id: string, asked: z.output<typeof CampaignStats.query>): Promise<Report> {
  const campaign = await get(tenant, id);
  const report = await reportOf(campaign);
  const { from, to } = windowOf(campaign, report, asked);
  return { ...report, hours: everyHour(report.hours, from, to) };
}

const hourOf = (date: Date): number => Math.floor(date.getTime() / HOUR_MS) * HOUR_MS;

/** From the campaign's first hour on, unless something else is asked for, and no further than the ledger was read. */
function windowOf(
  { launchedAt, createdAt }: EmailCampaign,
  { hours: [first], asOf }: Report,
  asked: z.output<typeof CampaignStats.query>,
): { from: number; to: number } {
  const end = asked.to && asked.to < asOf ? asked.to : asOf;
  const beginning = asked.to && !asked.from ? new Date(asked.to.getTime() - MAX_SERIES_MS) : undefined;
  const from = hourOf(asked.from ?? beginning ?? first?.at ?? launchedAt ?? createdAt);
  return { from, to: Math.min(end.getTime(), from + MAX_SERIES_MS) };
}

function everyHour(hours: readonly Hour[], from: number, to: number): Hour[] {
  const known = new Map(hours.map((hour) => [hour.at.getTime(), hour]));
  const length = Math.max(0, Math.ceil((to - from) / HOUR_MS));
  return Array.from({ length }, (_, n) => from + n * HOUR_MS).map(
    (at) => known.get(at) ?? { at: new Date(at), happened: {} },
  );
}
