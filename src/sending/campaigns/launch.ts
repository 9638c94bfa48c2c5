import type { Types } from 'mongoose';
import { AppError, conflict, type Problem } from '../../errors.js';
import { logger } from '../../logger.js';
import { type Business, BusinessModel } from '../../models/business.js';
import { DeliveryModel } from '../../models/delivery.js';
import { type EmailCampaign, EmailCampaignModel } from '../../models/email-campaign.js';
import { type EmailTemplate, EmailTemplateModel } from '../../models/email-template.js';
import { enqueueTurns } from '../../queue/queues.js';
import { compile } from '../../templates/compile.js';
import { owned, type Tenant } from '../../tenant.js';
import { refresh } from './counts.js';
import { move, refuseMove } from './moves.js';

type Frozen = NonNullable<EmailCampaign['frozen']>;

const preflightFailed = (errors: Problem[]) =>
  new AppError(
    'preflight_failed',
    422,
    `This campaign cannot be sent: ${errors.map(({ message }) => message).join('; ')}`,
    {
      errors,
    },
  );

/**
 * Launches a draft: freezes what is sent into the campaign and moves it to `sending`, in one write. The write asks for
 * the revision that was checked, so an edit in between does not slip through, and for no import under way.
 * @throws AppError `preflight_failed` with every problem, `ses_not_configured`, `import_in_progress`,
 * `invalid_transition`, `not_found`.
 */
export async function launch(tenant: Tenant, campaign: EmailCampaign): Promise<EmailCampaign> {
  if (campaign.status !== 'draft') return refuseMove(tenant, campaign._id, 'send');
  const business = await BusinessModel.findById(tenant.businessId).lean<Business>();
  if (!business?.sesConfiguration.verified) {
    throw new AppError('ses_not_configured', 422, 'Connect an SES account first: PUT /api/business/ses');
  }
  const frozen = await freeze(tenant, campaign, business);
  // By the database's clock, as the leases are.
  const live = { $filter: { input: '$imports', cond: { $gt: ['$$this.until', '$$NOW'] } } };
  const launched = await move(campaign._id, 'send', {
    where: owned(tenant, { __v: campaign.__v, $expr: { $eq: [{ $size: live }, 0] } }),
    set: { frozen, launchedAt: new Date() },
  });
  if (!launched) return refuseLaunch(tenant, campaign);

  // From here on it is launched: what fails below, the sweeper makes good.
  await refresh(launched._id).catch((err: unknown) => logger().warn({ err, campaignId: launched._id }, 'not counted'));
  await enqueueSoon(launched._id);
  await noteUse(tenant, launched);
  return launched;
}

/** Puts a running campaign's turns into the queue; where Redis is away, the sweeper does it. Never throws. */
export async function enqueueSoon(campaignId: Types.ObjectId): Promise<void> {
  await enqueueTurns([campaignId.toHexString()]).catch((err: unknown) =>
    logger().warn({ err, campaignId }, 'not enqueued; the sweeper does it'),
  );
}

async function freeze(tenant: Tenant, campaign: EmailCampaign, business: Business): Promise<Frozen> {
  const template = campaign.template
    ? await EmailTemplateModel.findOne(owned(tenant, { _id: campaign.template })).lean<EmailTemplate>()
    : null;
  const { settings } = business;
  const content = template?.content ?? campaign.content;
  const subject = campaign.subject ?? template?.subject;
  const fromEmail = campaign.fromEmail ?? settings.defaultFromEmail;
  const problems: Problem[] = [];
  if (campaign.template && !template) problems.push({ path: 'template', message: 'its template is gone' });
  if (template && !template.isActive) problems.push({ path: 'template', message: 'its template is not active' });
  if (!subject) problems.push({ path: 'subject', message: 'it has no subject' });
  if (!fromEmail) problems.push({ path: 'fromEmail', message: 'it has no sender' });
  if (!content?.html && !content?.text) problems.push({ path: 'content', message: 'it has no content' });
  const recipient = await DeliveryModel.exists({ campaign: campaign._id, status: 'pending' });
  if (!recipient) problems.push({ path: 'recipients', message: 'it has no recipients' });
  if (problems.length > 0 || !subject || !fromEmail) throw preflightFailed(problems);

  const variables = template?.variables ?? [];
  const { source } = parsed(() => compile({ subject, html: content?.html, text: content?.text }, variables));
  return {
    subject: source.subject,
    html: source.html,
    text: source.text,
    variables,
    fromEmail,
    fromName: campaign.fromName ?? settings.defaultFromName,
    replyTo: campaign.replyTo ?? settings.replyToEmail,
  } as Frozen;
}

/** A template that was stored parses; a subject of the campaign's own beside it may not. */
function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof AppError && error.details.errors) throw preflightFailed(error.details.errors);
    throw error;
  }
}

/** Says why the compare-and-set did not match. */
async function refuseLaunch(tenant: Tenant, { _id, __v }: EmailCampaign): Promise<never> {
  const now = await EmailCampaignModel.findOne(owned(tenant, { _id }), {
    status: 1,
    imports: 1,
    __v: 1,
  }).lean<EmailCampaign>();
  if (now?.status === 'draft' && now.__v !== __v) throw conflict('The campaign was changed meanwhile; send it again');
  if (now?.status === 'draft') {
    throw new AppError('import_in_progress', 409, 'Recipients are still being imported; send it when that is done');
  }
  return refuseMove(tenant, _id, 'send');
}

async function noteUse(tenant: Tenant, { template }: EmailCampaign): Promise<void> {
  if (!template) return;
  const change = { $inc: { usageCount: 1 }, $set: { lastUsed: new Date() } };
  await EmailTemplateModel.updateOne(owned(tenant, { _id: template }), change, { timestamps: false });
}
