import { Types } from 'mongoose';
import type { z } from 'zod';
import { type Attempt, createOnce, soleAttempt } from '../attempt.js';
import { forbidden, invalid, invalidTransition, notFound } from '../errors.js';
import { type CampaignStatus, type EmailCampaign, EmailCampaignModel } from '../models/email-campaign.js';
import { EmailTemplateModel } from '../models/email-template.js';
import { JOURNALED } from '../mongo.js';
import type { CreateCampaign, ListCampaigns, UpdateCampaign } from '../schemas/campaigns.js';
import { existing } from '../sending/campaigns/moves.js';
import { EDITABLE } from '../sending/states.js';
import { compile } from '../templates/compile.js';
import { type Caller, owned, type Tenant } from '../tenant.js';
import { restore } from '../tracking/html/rewrite.js';
import { copyOf } from './copies.js';
import * as pages from './pages.js';

type NewCampaign = z.output<typeof CreateCampaign.body>;
type Change = z.output<typeof UpdateCampaign.body>;

/** @throws AppError `validation_failed` for content that does not parse or a template that is not the tenant's. */
export async function create(
  tenant: Tenant,
  author: Caller,
  input: NewCampaign,
  attempt = soleAttempt(),
): Promise<EmailCampaign> {
  return createOnce(attempt, made(tenant, attempt), async () => {
    await check(tenant, input);
    return insert({ ...input, ...madeBy(tenant, author, attempt) });
  });
}

/** What a test key makes stays a test, whoever sends it. */
const madeBy = (tenant: Tenant, author: Caller, attempt: Attempt) => ({
  _id: attempt.id,
  business: tenant.businessId,
  createdBy: author.id,
  ...(author.isTest ? { isTest: true } : {}),
});

/** Journaled: its id has been told. */
async function insert(fields: object): Promise<EmailCampaign> {
  const campaign = new EmailCampaignModel(fields);
  await campaign.save({ ...JOURNALED });
  return campaign.toObject();
}

/** Reads what an earlier try of the same request made. */
const made =
  (tenant: Tenant, { id }: Attempt) =>
  () =>
    EmailCampaignModel.findOne(owned(tenant, { _id: id })).lean<EmailCampaign>();

/** The tenant's campaigns, newest first. */
export async function list(
  tenant: Tenant,
  { status, archived, ...page }: z.output<typeof ListCampaigns.query>,
): Promise<pages.Page<EmailCampaign>> {
  const filter = {
    isDeleted: { $ne: true },
    archivedAt: archived ? { $ne: null } : null,
    ...(status ? { status } : {}),
  };
  return pages.read(page, (before, count) =>
    EmailCampaignModel.find(owned(tenant, { ...before, ...filter }))
      .sort({ _id: -1 })
      .limit(count)
      .lean<EmailCampaign[]>(),
  );
}

/** @throws AppError `not_found`. */
export async function get(tenant: Tenant, id: string): Promise<EmailCampaign> {
  const campaign = await EmailCampaignModel.findOne(existing(tenant, new Types.ObjectId(id))).lean<EmailCampaign>();
  if (!campaign) throw notFound('campaign');
  return campaign;
}

/**
 * Changes a campaign that is not launched yet; `null` takes a field away.
 * @throws AppError `forbidden` for another time from a caller who may not send; `not_found`, `validation_failed`, or
 * `invalid_transition` once it is launched.
 */
export async function update(tenant: Tenant, caller: Caller, id: string, change: Change): Promise<EmailCampaign> {
  const known = await get(tenant, id);
  if (change.scheduledFor) requireSender(caller, known);
  await check(tenant, change);
  checkTimes(known, change);
  const entries = Object.entries(change).filter(([, value]) => value !== undefined);
  // Content and template exclude each other: the one that is set takes the other's place.
  if (change.content) entries.push(['template', null]);
  if (change.template) entries.push(['content', null]);
  const set = Object.fromEntries(entries.filter(([, value]) => value !== null));
  const unset = Object.fromEntries(entries.filter(([, value]) => value === null).map(([key]) => [key, 1]));
  const updated = await EmailCampaignModel.findOneAndUpdate(
    { ...existing(tenant, known._id), ...EDITABLE },
    // The revision: a launch that checked the one before does not freeze this one.
    { $set: set, $unset: unset, $inc: { __v: 1 } },
    { returnDocument: 'after', lean: true, runValidators: true },
  );
  if (!updated) throw invalidTransition('A campaign is editable only until it is launched');
  return updated;
}

/**
 * A new draft with the content, the sender and the limits of another; it has no recipients.
 * @throws AppError `not_found`.
 */
export async function duplicate(
  tenant: Tenant,
  author: Caller,
  id: string,
  name?: string,
  attempt = soleAttempt(),
): Promise<EmailCampaign> {
  return createOnce(attempt, made(tenant, attempt), async () => {
    const original = await get(tenant, id);
    const { subject, fromEmail, fromName, replyTo, ratePerSecond, dailyCap, tracking } = original;
    return insert({
      ...{ subject, fromEmail, fromName, replyTo, ratePerSecond, dailyCap, tracking },
      ...(await contentOf(tenant, original)),
      ...madeBy(tenant, author, attempt),
      name: name ?? copyOf(original.name),
    });
  });
}

/** Its template, or where that is gone what was sent of it. */
async function contentOf(
  tenant: Tenant,
  { template, content, frozen }: Pick<EmailCampaign, 'template' | 'content' | 'frozen'>,
) {
  if (!template || !frozen) return { template, content };
  const isThere = await EmailTemplateModel.exists(owned(tenant, { _id: template }));
  if (isThere) return { template, content };
  const { subject, html, text, links } = frozen;
  return { subject, content: { html: html ? restore(html, links ?? []) : html, text } };
}

/**
 * Deletes a campaign that was never launched, with its recipients; a launched one that is over is archived.
 * @throws AppError `not_found`, or `invalid_transition` while it is under way.
 */
export async function remove(tenant: Tenant, id: string): Promise<void> {
  const campaignId = new Types.ObjectId(id);
  const over = { status: { $in: ['sent', 'cancelled'] satisfies CampaignStatus[] } };
  const unlaunched = { $or: [EDITABLE, { status: 'cancelled' as const, launchedAt: null }] };
  const deleted = await EmailCampaignModel.updateOne(
    { ...existing(tenant, campaignId), $and: [unlaunched] },
    { $set: { isDeleted: true } },
    { writeConcern: JOURNALED },
  );
  if (deleted.matchedCount > 0) return;
  const archived = await EmailCampaignModel.updateOne(
    { ...existing(tenant, campaignId), ...over },
    { $set: { archivedAt: new Date() } },
    { timestamps: false },
  );
  if (archived.matchedCount > 0) return;
  await get(tenant, id);
  throw invalidTransition('A campaign that is under way cannot be archived; cancel it first');
}

/** Whoever sets when it goes out, sends it. */
function requireSender({ permissions, isTest }: Caller, campaign: EmailCampaign): void {
  if (!permissions.includes('send_emails')) {
    throw forbidden('To change when a campaign is sent needs the permission send_emails');
  }
  if (isTest && !campaign.isTest) {
    throw forbidden('A test key cannot change when this campaign is sent; that needs a live one');
  }
}

/** A scheduled campaign has a time, and its end comes after it. */
function checkTimes(known: EmailCampaign, { scheduledFor, expiresAt }: Change): void {
  if (scheduledFor && known.status !== 'scheduled') {
    const message = 'only a scheduled campaign has a time to change: POST …/schedule';
    throw invalid([{ path: 'scheduledFor', message }]);
  }
  const begins = scheduledFor ?? (known.status === 'scheduled' ? known.scheduledFor : undefined);
  const ends = expiresAt === undefined ? known.expiresAt : expiresAt;
  if (begins && ends && ends <= begins) {
    const path = scheduledFor ? 'scheduledFor' : 'expiresAt';
    throw invalid([{ path, message: 'the campaign must end after it begins: expiresAt, scheduledFor' }]);
  }
}

async function check(tenant: Tenant, { template, content, subject }: Change): Promise<void> {
  if (content) compile({ subject: subject ?? '', html: content.html, text: content.text });
  else if (subject) compile({ subject, text: ' ' });
  if (!template) return;
  const isTheirs = await EmailTemplateModel.exists(owned(tenant, { _id: new Types.ObjectId(template) }));
  if (!isTheirs) throw invalid([{ path: 'template', message: 'There is no such template' }]);
}
