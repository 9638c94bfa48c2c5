import { Types } from 'mongoose';
import { type Attempt, soleAttempt } from '../attempt.js';
import { conflict, invalid, type Problem } from '../errors.js';
import { BusinessModel } from '../models/business.js';
import { DeliveryModel } from '../models/delivery.js';
import { type EmailCampaign, EmailCampaignModel, type RetryStatus, WAITING_PAUSES } from '../models/email-campaign.js';
import { JOURNALED } from '../mongo.js';
import { count } from '../sending/campaigns/counts.js';
import { enqueueSoon, failedPreflight, launch } from '../sending/campaigns/launch.js';
import {
  because,
  type Change,
  existing,
  markOf,
  move,
  movedBefore,
  moveOwned,
  refuseMove,
} from '../sending/campaigns/moves.js';
import { preflight as check, keepFromGoingOn, type Preflight } from '../sending/campaigns/preflight/index.js';
import { type Retry, retryable } from '../sending/campaigns/retry.js';
import { DOUBTFUL_MS } from '../sending/put-back.js';
import { owned, type Tenant } from '../tenant.js';
import { get } from './campaigns.js';

type Warned = { warnings: Problem[] };
type Retried = { retried: Record<RetryStatus, number> };
type Moved = { campaign: EmailCampaign } & Warned;

/** As `movedBefore`; whoever died after a move may not have enqueued what follows from it. */
async function again<T extends object>(tenant: Tenant, id: string, attempt: Attempt) {
  const before = await movedBefore<T & Record<string, unknown>>(tenant, new Types.ObjectId(id), attempt);
  if (before?.campaign.status === 'sending') await enqueueSoon(before.campaign._id);
  return before;
}

/** What would happen if the campaign were sent now. @throws AppError `not_found`. */
export async function preflight(tenant: Tenant, id: string): Promise<Preflight> {
  return check(tenant, await get(tenant, id));
}

/** Sends a draft now. @returns the campaign and the preflight's warnings. @throws AppError as `launch`. */
export async function send(tenant: Tenant, id: string, attempt = soleAttempt()): Promise<Moved> {
  const before = await again<Warned>(tenant, id, attempt);
  return before ?? launch(tenant, await get(tenant, id), 'send', {}, attempt);
}

/**
 * Has a draft launched at a time.
 * @returns the campaign, and what would keep it from being sent at present: it is checked again when its time comes.
 * @throws AppError `validation_failed` for a time that is past or not before the campaign's end; as `moveOwned`.
 */
export async function schedule(
  tenant: Tenant,
  id: string,
  scheduledFor: Date,
  attempt = soleAttempt(),
): Promise<{ campaign: EmailCampaign; preflight: Preflight }> {
  const before = await again(tenant, id, attempt);
  if (before) return { campaign: before.campaign, preflight: await check(tenant, before.campaign) };
  const known = await get(tenant, id);
  if (scheduledFor.getTime() <= Date.now())
    throw invalid([{ path: 'scheduledFor', message: 'must lie in the future' }]);
  if (known.expiresAt && known.expiresAt <= scheduledFor) {
    const message = `must be before the campaign’s expiresAt, ${known.expiresAt.toISOString()}`;
    throw invalid([{ path: 'scheduledFor', message }]);
  }
  if (known.status !== 'draft') return refuseMove(tenant, known._id, 'schedule');
  const set = { schedule: 'scheduled', scheduledFor } as const;
  // Before the move: whoever gets an error has scheduled nothing.
  const preflight = await check(tenant, { ...known, ...set, status: 'scheduled' });
  return { campaign: await moveOwned(tenant, known._id, 'schedule', { set, by: { attempt } }), preflight };
}

/** Makes a scheduled campaign a draft again. @throws AppError as `moveOwned`. */
export async function unschedule(tenant: Tenant, id: string, attempt = soleAttempt()): Promise<EmailCampaign> {
  const before = await again(tenant, id, attempt);
  if (before) return before.campaign;
  const change = { set: { schedule: 'immediate' }, unset: { scheduledFor: 1 }, by: { attempt } } as const;
  return moveOwned(tenant, new Types.ObjectId(id), 'unschedule', change);
}

/**
 * Stops a running campaign: beyond the calls under way nothing more goes out. One whose pause would end by itself, such as
 * that of the month's limit, stays paused then.
 * @throws AppError as `moveOwned`.
 */
export async function pause(tenant: Tenant, id: string, attempt = soleAttempt()): Promise<EmailCampaign> {
  const before = await again(tenant, id, attempt);
  if (before) return before.campaign;
  const change = { ...because('user', 'Paused by request'), by: { attempt } };
  const campaignId = new Types.ObjectId(id);
  const paused =
    (await move(campaignId, 'pause', { ...change, where: owned(tenant, {}) })) ??
    (await keepPaused(tenant, campaignId, change));
  // Between the two it may have gone on.
  return paused ?? moveOwned(tenant, campaignId, 'pause', change);
}

/** Makes a pause that would end by itself the person's. */
async function keepPaused(tenant: Tenant, campaignId: Types.ObjectId, { set, by }: Change) {
  const { once, mark } = markOf(by);
  return EmailCampaignModel.findOneAndUpdate(
    {
      ...existing(tenant, campaignId),
      ...once,
      status: 'paused',
      'pause.reason': { $in: [...WAITING_PAUSES] },
    },
    { $set: set ?? {}, ...(mark ? { $push: mark } : {}) },
    { returnDocument: 'after', writeConcern: JOURNALED },
  ).lean<EmailCampaign>();
}

/** What a person says when he lets a campaign go on. */
export interface Resumption {
  /** The cause of the guard's pause is mended; its window begins anew. */
  acknowledge?: boolean | undefined;
  /** The campaign's new end. */
  expiresAt?: Date | undefined;
}

/**
 * Lets a paused campaign go on where it stopped; one whose launch was withheld is checked and launched.
 * @returns the campaign, and what its sender should know.
 * @throws AppError as `moveOwned` and `launch`; `preflight_failed` where it would only stop again; `conflict` while the
 * guard's pause is not acknowledged.
 */
export async function resume(
  tenant: Tenant,
  id: string,
  { acknowledge, expiresAt }: Resumption,
  attempt = soleAttempt(),
): Promise<Moved> {
  const before = await again<Warned>(tenant, id, attempt);
  if (before) return before;
  const campaign = await get(tenant, id);
  if (campaign.status !== 'paused') return refuseMove(tenant, campaign._id, 'resume');
  const reason = campaign.pause?.reason;
  if (reason === 'reputation' && !acknowledge) {
    throw conflict(`${campaign.pause?.message}. When the cause is mended, resume with {"acknowledge": true}`);
  }
  const set = expiresAt ? { expiresAt } : {};
  if (!campaign.launchedAt) return launch(tenant, campaign, 'resume', set, attempt);
  const warnings = await requireWay(tenant, { ...campaign, ...set });
  const guard = reason === 'reputation' ? await newWindow(campaign) : undefined;
  const resumed = await moveOwned(tenant, campaign._id, 'resume', {
    where: { 'pause.reason': reason },
    set: { ...set, ...(guard ? { guard } : {}) },
    by: { attempt, told: { warnings } },
  });
  // After the move, for one that fails has acknowledged nothing; when it dies in between, the guard pauses once more.
  if (guard) await forgetWeek(tenant, guard.since);
  await enqueueSoon(resumed._id);
  return { campaign: resumed, warnings };
}

/** @returns the warnings. @throws AppError `preflight_failed` or `ses_not_configured` where a launched campaign would stop. */
async function requireWay(tenant: Tenant, campaign: EmailCampaign): Promise<Problem[]> {
  const found = await check(tenant, campaign);
  const problems = keepFromGoingOn(found);
  if (problems.length > 0) throw failedPreflight(found, problems);
  return found.warnings;
}

/** What happened before a person's word counts neither against the campaign nor against the business's week. */
async function newWindow({ _id }: EmailCampaign) {
  const since = new Date();
  const { stats } = await count(_id);
  return { since, sentBefore: stats.sent };
}

async function forgetWeek({ businessId }: Tenant, guardSince: Date): Promise<void> {
  await BusinessModel.updateOne({ _id: businessId }, { $set: { guardSince } }, { timestamps: false });
}

/** Ends a campaign for good. Who was not mailed yet will be `cancelled`. @throws AppError as `moveOwned`. */
export async function cancel(tenant: Tenant, id: string, attempt = soleAttempt()): Promise<EmailCampaign> {
  const before = await again(tenant, id, attempt);
  if (before) return before.campaign;
  const change = { event: { type: 'campaign.cancelled' }, by: { attempt } } as const;
  return moveOwned(tenant, new Types.ObjectId(id), 'cancel', change);
}

/**
 * Sends once more to those that failed, and to those of whom nobody knows, which may mail them twice: that is why a person
 * asks for it, and not in their first 15 minutes.
 * @returns the campaign, and how many of each will be tried again.
 * @throws AppError as `moveOwned`; `validation_failed` where there is nobody to send to; `preflight_failed` where it would
 * only stop.
 */
export async function retry(
  tenant: Tenant,
  id: string,
  { statuses, expiresAt }: { statuses: readonly RetryStatus[]; expiresAt?: Date | undefined },
  attempt = soleAttempt(),
): Promise<Moved & Retried> {
  const before = await again<Warned & Retried>(tenant, id, attempt);
  if (before) return before;
  const campaign = await get(tenant, id);
  if (campaign.status !== 'sent') return refuseMove(tenant, campaign._id, 'retry');
  const now = Date.now();
  const wanted: Retry = {
    statuses: [...new Set(statuses)],
    failedBefore: new Date(now),
    unconfirmedBefore: new Date(now - DOUBTFUL_MS),
  };
  const retried = { failed: 0, unconfirmed: 0 };
  for (const status of wanted.statuses) {
    retried[status] = await DeliveryModel.countDocuments(retryable(campaign._id, status, wanted));
  }
  if (retried.failed + retried.unconfirmed === 0) throw invalid([await nobody(campaign, wanted.statuses)]);
  const set = expiresAt ? { expiresAt } : {};
  const warnings = await requireWay(tenant, { ...campaign, ...set });
  const by = { attempt, told: { retried, warnings } };
  const change = { set: { ...set, retry: wanted }, unset: { archivedAt: 1 }, by } as const;
  const moved = await moveOwned(tenant, campaign._id, 'retry', change);
  await enqueueSoon(moved._id);
  return { campaign: moved, retried, warnings };
}

async function nobody({ _id }: EmailCampaign, statuses: readonly RetryStatus[]): Promise<Problem> {
  const first = statuses.includes('unconfirmed')
    ? await DeliveryModel.findOne({ campaign: _id, status: 'unconfirmed' }).sort({ unconfirmedAt: 1 }).lean()
    : null;
  if (!first?.unconfirmedAt) return { path: 'statuses', message: `no recipient is ${statuses.join(' or ')}` };
  const from = new Date(first.unconfirmedAt.getTime() + DOUBTFUL_MS).toISOString();
  return {
    path: 'statuses',
    message: `SES may still say what became of the unconfirmed; they can be retried from ${from}`,
  };
}
