import type { Types } from 'mongoose';
import { CampaignReportModel } from '../../models/campaign-report.js';
import { DeliveryModel } from '../../models/delivery.js';
import type { EmailCampaign } from '../../models/email-campaign.js';
import { ignoreDuplicateKey } from '../../mongo.js';
import { type Counts, isStale, keep } from './counts.js';
import { type Hour, walk } from './report-pipeline.js';

/** So many links and reasons are told. */
const TOP = 20;

export interface LinkClicks {
  /** As the campaign has it, with its variables. */
  url: string;
  /** The recipients who followed it. */
  clicks: number;
}

export interface BounceReason {
  /** SES's sub-type of the bounce, e.g. `General`. */
  code: string;
  /** The enhanced status code in what the receiver said, e.g. `5.1.1` (RFC 3463). */
  status?: string | null | undefined;
  count: number;
  /** What one of the receivers said. */
  example?: string | null | undefined;
}

/** All that is told of a campaign, at one moment. */
export interface Report extends Counts {
  hours: Hour[];
  links: LinkClicks[];
  bounces: BounceReason[];
}

type Campaign = Pick<EmailCampaign, '_id' | 'business' | 'frozen'>;

/** Those of this process that are being made: whoever asks meanwhile waits for the same one. */
const underWay = new Map<string, Promise<Report>>();

/**
 * The campaign's report, made anew where the kept one is old: a second, or ten times what reading the ledger took. So
 * a million recipients cost a tenth of the time at most, however often somebody asks.
 */
export async function reportOf(campaign: Campaign): Promise<Report> {
  const kept = await CampaignReportModel.findById(campaign._id).lean<Report>();
  if (kept && !isStale(kept)) return kept;
  const key = campaign._id.toHexString();
  const making = underWay.get(key) ?? make(campaign).finally(() => underWay.delete(key));
  underWay.set(key, making);
  return making;
}

async function make({ _id, business, frozen }: Campaign): Promise<Report> {
  const asOf = new Date();
  const startedAt = performance.now();
  const links = frozen?.links ?? [];
  const { clicks, ...counts } = await walk(
    _id,
    links.map((url) => links.indexOf(url)),
  );
  const report: Report = {
    ...counts,
    links: clicks
      .flatMap(({ place, clicks }) => (links[place] === undefined ? [] : [{ url: links[place], clicks }]))
      .sort((a, b) => b.clicks - a.clicks || (a.url < b.url ? -1 : 1))
      .slice(0, TOP),
    bounces: await bouncesOf(_id),
    asOf,
    tookMs: Math.ceil(performance.now() - startedAt),
  };
  await CampaignReportModel.replaceOne({ _id }, { business, ...report }, { upsert: true }).catch(ignoreDuplicateKey);
  const { total, states, stats, tookMs } = report;
  await keep(_id, { asOf, tookMs, total, states, stats });
  return report;
}

/** An enhanced status code, RFC 3463 §2. */
const STATUS = /\b[245]\.\d{1,3}\.\d{1,3}\b/;

/** By the index of the states: the bounced are few. */
async function bouncesOf(campaign: Types.ObjectId): Promise<BounceReason[]> {
  const found = { $regexFind: { input: { $ifNull: ['$error.message', ''] }, regex: STATUS } };
  return DeliveryModel.aggregate<BounceReason>([
    { $match: { campaign, status: 'bounced' } },
    { $set: { code: { $ifNull: ['$error.code', 'Undetermined'] }, found } },
    {
      $group: {
        _id: { code: '$code', status: '$found.match' },
        count: { $sum: 1 },
        example: { $first: '$error.message' },
      },
    },
    { $sort: { count: -1, _id: 1 } },
    { $limit: TOP },
    { $project: { _id: 0, code: '$_id.code', status: '$_id.status', count: 1, example: 1 } },
  ]);
}
