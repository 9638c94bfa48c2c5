import type { Types } from 'mongoose';
import { type Attempt, soleAttempt } from '../../attempt.js';
import { AppError, conflict, type Problem } from '../../errors.js';
import { logger } from '../../logger.js';
import { type EmailCampaign, EmailCampaignModel } from '../../models/email-campaign.js';
import { EmailTemplateModel } from '../../models/email-template.js';
import { enqueueTurns } from '../../queue/queues.js';
import { owned, type Tenant } from '../../tenant.js';
import { CAMPAIGN_MOVES, NO_IMPORT } from '../states.js';
import { refresh } from './counts.js';
import { existing, move, refuseMove } from './moves.js';
import { hasLiveImport, isOnlySender, type Preflight, preflight } from './preflight/index.js';

/** The moves that begin to send: at a person's word, when its time has come, or after a launch that was withheld. */
export type Launch = 'send' | 'launch' | 'resume';

/**
 * Launches a campaign: checks it, freezes what is sent into it and moves it to `sending`, in one write. The write asks for
 * the revision that was checked, so an edit in between does not slip through, and for no import under way.
 * @returns the campaign, and what its sender should know.
 * @throws AppError `preflight_failed`, `domain_not_verified` or `ses_not_configured` with every problem, `import_in_progress`,
 * `invalid_transition`, `not_found`.
 */
export async function launch(
  tenant: Tenant,
  campaign: EmailCampaign,
  name: Launch,
  set: Record<string, unknown> = {},
  attempt: Attempt = soleAttempt(),
): Promise<{ campaign: EmailCampaign; warnings: Problem[] }> {
  const from: readonly string[] = CAMPAIGN_MOVES[name].from;
  if (!from.includes(campaign.status)) return refuseMove(tenant, campaign._id, name);
  const found = await preflight(tenant, { ...campaign, ...set });
  if (hasLiveImport(campaign)) throw importInProgress();
  if (found.problems.length > 0) throw failedPreflight(found, found.problems);
  const { frozen, warnings } = found;
  const launched = await move(campaign._id, name, {
    where: owned(tenant, { ...asChecked(campaign), launchedAt: null, ...NO_IMPORT }),
    set: { ...set, frozen, launchedAt: new Date() },
    event: { type: 'campaign.started' },
    by: { attempt, told: { warnings } },
  });
  if (!launched) return refuseLaunch(tenant, campaign, name);

  // From here on it is launched: what fails below, the upkeep makes good.
  await refresh(launched._id).catch((err: unknown) => logger().warn({ err, campaignId: launched._id }, 'not counted'));
  await enqueueSoon(launched._id);
  await noteUse(tenant, launched);
  return { campaign: launched, warnings };
}

/** The filter of a campaign that is as it was when it was read: not edited, not put off, no recipients changed. */
export const asChecked = ({ __v, scheduledFor }: EmailCampaign) => ({ __v, scheduledFor: scheduledFor ?? null });

/** Puts a running campaign's turns into the queue; where Redis is away, the upkeep does it. Never throws. */
export async function enqueueSoon(campaignId: Types.ObjectId): Promise<void> {
  await enqueueTurns([campaignId.toHexString()]).catch((err: unknown) =>
    logger().warn({ err, campaignId }, 'not enqueued; the pulse does it'),
  );
}

/** 422 with every problem; `ses_not_configured` where there is no account at all, `domain_not_verified` where that is all. */
export function failedPreflight({ ses }: Preflight, errors: Problem[]): AppError {
  const code = !ses ? 'ses_not_configured' : isOnlySender(errors) ? 'domain_not_verified' : 'preflight_failed';
  const message = `This campaign cannot be sent: ${errors.map((error) => error.message).join('; ')}`;
  return new AppError(code, 422, message, { errors });
}

/** Says why the compare-and-set did not match. */
async function refuseLaunch(tenant: Tenant, { _id, status, __v }: EmailCampaign, name: Launch): Promise<never> {
  const now = await EmailCampaignModel.findOne(existing(tenant, _id), { status: 1, __v: 1 }).lean<EmailCampaign>();
  if (now?.status === status && now.__v !== __v) throw conflict('The campaign was changed meanwhile; try again');
  if (now?.status === status) {
    throw importInProgress();
  }
  return refuseMove(tenant, _id, name);
}

const importInProgress = () =>
  new AppError('import_in_progress', 409, 'Recipients are still being imported; send it when that is done');

async function noteUse(tenant: Tenant, { template }: EmailCampaign): Promise<void> {
  if (!template) return;
  const change = { $inc: { usageCount: 1 }, $set: { lastUsed: new Date() } };
  await EmailTemplateModel.updateOne(owned(tenant, { _id: template }), change, { timestamps: false });
}
