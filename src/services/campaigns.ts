import { Types } from 'mongoose';
import type { z } from 'zod';
import { invalid, invalidTransition, notFound } from '../errors.js';
import { type EmailCampaign, EmailCampaignModel } from '../models/email-campaign.js';
import { EmailTemplateModel } from '../models/email-template.js';
import type { CreateCampaign, ListCampaigns, UpdateCampaign } from '../schemas/campaigns.js';
import { type Counts, isStale, refresh } from '../sending/campaigns/counts.js';
import { enqueueSoon, launch } from '../sending/campaigns/launch.js';
import { moveOwned } from '../sending/campaigns/moves.js';
import { EDITABLE } from '../sending/states.js';
import { compile } from '../templates/compile.js';
import { type Caller, owned, type Tenant } from '../tenant.js';
import * as pages from './pages.js';

type NewCampaign = z.output<typeof CreateCampaign.body>;
type Change = z.output<typeof UpdateCampaign.body>;

/** @throws AppError `validation_failed` for content that does not parse or a template that is not the tenant's. */
export async function create(tenant: Tenant, author: Caller, input: NewCampaign): Promise<EmailCampaign> {
  await check(tenant, input);
  const created = await EmailCampaignModel.create({ ...input, business: tenant.businessId, createdBy: author.id });
  return created.toObject();
}

/** The tenant's campaigns, newest first. */
export async function list(
  tenant: Tenant,
  { status, ...page }: z.output<typeof ListCampaigns.query>,
): Promise<pages.Page<EmailCampaign>> {
  return pages.read(page, (before, count) =>
    EmailCampaignModel.find(owned(tenant, { ...before, ...(status ? { status } : {}) }))
      .sort({ _id: -1 })
      .limit(count)
      .lean<EmailCampaign[]>(),
  );
}

/** @throws AppError `not_found`. */
export async function get(tenant: Tenant, id: string): Promise<EmailCampaign> {
  const campaign = await EmailCampaignModel.findOne(
    owned(tenant, { _id: new Types.ObjectId(id) }),
  ).lean<EmailCampaign>();
  if (!campaign) throw notFound('campaign');
  return campaign;
}

/**
 * Changes a campaign that is not launched yet; `null` takes a field away.
 * @throws AppError `not_found`, `validation_failed`, or `invalid_transition` once it is launched.
 */
export async function update(tenant: Tenant, id: string, change: Change): Promise<EmailCampaign> {
  const known = await get(tenant, id);
  await check(tenant, change);
  const entries = Object.entries(change).filter(([, value]) => value !== undefined);
  // Content and template exclude each other: the one that is set takes the other's place.
  if (change.content) entries.push(['template', null]);
  if (change.template) entries.push(['content', null]);
  const set = Object.fromEntries(entries.filter(([, value]) => value !== null));
  const unset = Object.fromEntries(entries.filter(([, value]) => value === null).map(([key]) => [key, 1]));
  const updated = await EmailCampaignModel.findOneAndUpdate(
    owned(tenant, { _id: known._id, status: { $in: EDITABLE } }),
    // The revision: a launch that checked the one before does not freeze this one.
    { $set: set, $unset: unset, $inc: { __v: 1 } },
    { returnDocument: 'after', lean: true, runValidators: true },
  );
  if (!updated) throw invalidTransition('A campaign is editable only while it is draft or scheduled');
  return updated;
}

/** Sends a draft now. @throws AppError as `launch`. */
export async function send(tenant: Tenant, id: string): Promise<EmailCampaign> {
  return launch(tenant, await get(tenant, id));
}

/** Stops a running campaign: beyond the calls under way nothing more goes out. @throws AppError as `moveOwned`. */
export async function pause(tenant: Tenant, id: string): Promise<EmailCampaign> {
  const because = { reason: 'user' as const, message: 'Paused by request', at: new Date() };
  return moveOwned(tenant, new Types.ObjectId(id), 'pause', { set: { pause: because } });
}

/** Lets a paused campaign go on where it stopped, whatever paused it. @throws AppError as `moveOwned`. */
export async function resume(tenant: Tenant, id: string): Promise<EmailCampaign> {
  const resumed = await moveOwned(tenant, new Types.ObjectId(id), 'resume', { unset: { pause: 1 } });
  await enqueueSoon(resumed._id);
  return resumed;
}

/** Ends a campaign for good. Who was not mailed yet will be `cancelled`. @throws AppError as `moveOwned`. */
export async function cancel(tenant: Tenant, id: string): Promise<EmailCampaign> {
  return moveOwned(tenant, new Types.ObjectId(id), 'cancel', { unset: { pause: 1 } });
}

/** The ledger's numbers, counted anew where those kept are old. @throws AppError `not_found`. */
export async function stats(tenant: Tenant, id: string): Promise<Counts> {
  const { _id, counts } = await get(tenant, id);
  return counts && !isStale(counts) ? (counts as Counts) : refresh(_id);
}

async function check(tenant: Tenant, { template, content, subject }: Change): Promise<void> {
  if (content) compile({ subject: subject ?? '', html: content.html, text: content.text });
  else if (subject) compile({ subject, text: ' ' });
  if (!template) return;
  const isTheirs = await EmailTemplateModel.exists(owned(tenant, { _id: new Types.ObjectId(template) }));
  if (!isTheirs) throw invalid([{ path: 'template', message: 'There is no such template' }]);
}
