import { Types } from 'mongoose';
import type { z } from 'zod';
import { type Attempt, createOnce, soleAttempt } from '../attempt.js';
import { config } from '../config.js';
import { conflict, invalid, notFound } from '../errors.js';
import { type EmailTemplate, EmailTemplateModel } from '../models/email-template.js';
import { JOURNALED } from '../mongo.js';
import type { CreateTemplate, ListTemplates, Preview, UpdateTemplate } from '../schemas/templates.js';
import { compile } from '../templates/compile.js';
import * as thread from '../templates/preview.js';
import type { TemplateVariable } from '../templates/source.js';
import { type Caller, owned, type Tenant } from '../tenant.js';
import { copyOf } from './copies.js';
import * as pages from './pages.js';

type NewTemplate = z.output<typeof CreateTemplate.body>;
type Change = z.output<typeof UpdateTemplate.body>;

/** @throws AppError `validation_failed` when it has no content or does not parse. */
export async function create(
  tenant: Tenant,
  author: Caller,
  input: NewTemplate,
  attempt = soleAttempt(),
): Promise<EmailTemplate> {
  return createOnce(attempt, made(tenant, attempt), async () => {
    check(input);
    return insert({ ...input, _id: attempt.id, business: tenant.businessId, createdBy: author.id });
  });
}

/** Journaled: its id has been told. */
async function insert(fields: object): Promise<EmailTemplate> {
  const template = new EmailTemplateModel(fields);
  await template.save({ ...JOURNALED });
  return template.toObject();
}

/** Reads what an earlier try of the same request made. */
const made =
  (tenant: Tenant, { id }: Attempt) =>
  () =>
    EmailTemplateModel.findOne(owned(tenant, { _id: id })).lean<EmailTemplate>();

/** The tenant's templates, newest first. */
export async function list(
  tenant: Tenant,
  { category, search, ...page }: z.output<typeof ListTemplates.query>,
): Promise<pages.Page<EmailTemplate>> {
  const filter = {
    ...(category ? { category } : {}),
    ...(search ? { name: new RegExp(`^${escapeRegExp(search)}`, 'i') } : {}),
  };
  return pages.read(page, (before, count) =>
    EmailTemplateModel.find(owned(tenant, { ...filter, ...before }))
      .sort({ _id: -1 })
      .limit(count)
      .lean<EmailTemplate[]>(),
  );
}

/** @throws AppError `not_found`. */
export async function get(tenant: Tenant, id: string): Promise<EmailTemplate> {
  const template = await EmailTemplateModel.findOne(
    owned(tenant, { _id: new Types.ObjectId(id) }),
  ).lean<EmailTemplate>();
  if (!template) throw notFound('template');
  return template;
}

/**
 * Changes the fields given; `null` takes one away. What comes of it must be a template that parses.
 * @throws AppError `not_found`, `validation_failed`, or `conflict` when somebody else changed it meanwhile.
 */
export async function update(tenant: Tenant, id: string, { content, ...change }: Change): Promise<EmailTemplate> {
  const known = await get(tenant, id);
  const merged = { ...known.content, ...content };
  check({ subject: change.subject ?? known.subject, content: merged, variables: change.variables ?? known.variables });
  const entries = Object.entries({ ...change, 'content.html': merged.html, 'content.text': merged.text });
  const set = Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== null));
  const unset = Object.fromEntries(entries.filter(([, value]) => value === null).map(([key]) => [key, 1]));
  const updated = await EmailTemplateModel.findOneAndUpdate(
    // The revision that was checked: two changes at once must not make a third that nobody checked.
    owned(tenant, { _id: known._id, __v: known.__v }),
    { $set: set, $unset: unset, $inc: { __v: 1 } },
    { returnDocument: 'after', lean: true, runValidators: true },
  );
  if (!updated) throw conflict('The template was changed meanwhile; read it and try again');
  return updated;
}

/** @throws AppError `not_found`. */
export async function remove(tenant: Tenant, id: string): Promise<void> {
  const { deletedCount } = await EmailTemplateModel.deleteOne(owned(tenant, { _id: new Types.ObjectId(id) }));
  if (deletedCount === 0) throw notFound('template');
}

/** A copy of the tenant's template that was never used. @throws AppError `not_found`. */
export async function duplicate(
  tenant: Tenant,
  author: Caller,
  id: string,
  name?: string,
  attempt = soleAttempt(),
): Promise<EmailTemplate> {
  return createOnce(attempt, made(tenant, attempt), async () => {
    const { description, subject, content, variables, category, tags, thumbnail, ...original } = await get(tenant, id);
    return insert({
      ...{ description, subject, content, variables, category, tags, thumbnail, isActive: original.isActive },
      _id: attempt.id,
      name: name ?? copyOf(original.name),
      business: tenant.businessId,
      createdBy: author.id,
    });
  });
}

/** What the template makes of some variables. @throws AppError `not_found`, or as `thread.preview`. */
export async function preview(
  tenant: Tenant,
  id: string,
  variables: Record<string, unknown>,
): Promise<z.output<typeof Preview>> {
  const template = await get(tenant, id);
  const { rendered, missing } = await thread.preview({
    source: { subject: template.subject, html: template.content?.html, text: template.content?.text },
    variables: template.variables,
    values: { email: 'ann@example.com', unsubscribe_url: `${config().publicUrl}/u/preview`, ...variables },
  });
  const named = (required: boolean) => (name: string) => ({ name, required });
  return {
    ...rendered,
    html: rendered.html ?? null,
    missing: [...missing.required.map(named(true)), ...missing.optional.map(named(false))],
  };
}

interface Content {
  html?: string | null | undefined;
  text?: string | null | undefined;
}

function check(template: { subject: string; content: Content; variables: readonly TemplateVariable[] }): void {
  const { subject, content, variables } = template;
  if (!content.html?.trim() && !content.text?.trim()) {
    throw invalid([{ path: 'content', message: 'must have html, text or both' }]);
  }
  compile({ subject, ...content }, variables);
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
