import { AppError, type Problem } from '../../../errors.js';
import type { Business } from '../../../models/business.js';
import type { EmailCampaign } from '../../../models/email-campaign.js';
import { type EmailTemplate, EmailTemplateModel } from '../../../models/email-template.js';
import type { Frozen } from '../../../models/frozen.js';
import { compile } from '../../../templates/compile.js';
import type { Compiled } from '../../../templates/source.js';
import { owned, type Tenant } from '../../../tenant.js';
import { prepare } from '../../../tracking/prepare.js';

/** What a launch would freeze, or everything that is missing for it. */
export type Freezing = { frozen: Frozen; compiled: Compiled } | { problems: Problem[] };

/**
 * Takes together what a campaign would send at this moment: its own content or its template's, with what is tracked and
 * the unsubscribe link, the subject, and the sender of the campaign or else of the business's settings.
 */
export async function freeze(
  tenant: Tenant,
  campaign: EmailCampaign,
  business: Pick<Business, 'settings' | 'eventWiring'>,
): Promise<Freezing> {
  const { settings } = business;
  const template = campaign.template
    ? await EmailTemplateModel.findOne(owned(tenant, { _id: campaign.template })).lean<EmailTemplate>()
    : null;
  const content = template?.content ?? campaign.content;
  const subject = campaign.subject ?? template?.subject;
  const fromEmail = campaign.fromEmail ?? settings.defaultFromEmail;
  const problems: Problem[] = [];
  if (campaign.template && !template) problems.push({ path: 'template', message: 'its template is gone' });
  if (template && !template.isActive) problems.push({ path: 'template', message: 'its template is not active' });
  // Without its template, what it lacks is no news.
  if (campaign.template && !template) return { problems };
  if (!subject) problems.push({ path: 'subject', message: 'it has no subject' });
  if (!fromEmail) problems.push({ path: 'fromEmail', message: 'it has no sender' });
  if (!content?.html && !content?.text) problems.push({ path: 'content', message: 'it has no content' });
  if (problems.length > 0 || !subject || !fromEmail) return { problems };

  const variables = template?.variables ?? [];
  const tracking = {
    opens: campaign.tracking?.opens ?? settings.tracking?.opens ?? false,
    clicks: campaign.tracking?.clicks ?? settings.tracking?.clicks ?? false,
  };
  const parsed = parse(() => {
    const written = compile({ subject, html: content?.html, text: content?.text }, variables);
    const { html, text, links } = prepare(written, tracking, { postalAddress: settings.postalAddress ?? undefined });
    return { compiled: compile({ subject, html, text }, variables), links };
  });
  if ('problems' in parsed) return parsed;
  const frozen = {
    ...parsed.compiled.source,
    variables,
    tracking,
    links: parsed.links,
    linkDomain: settings.trackingDomain,
    fromEmail,
    fromName: campaign.fromName ?? settings.defaultFromName,
    replyTo: campaign.replyTo ?? settings.replyToEmail,
  };
  return { frozen, compiled: parsed.compiled };
}

/** A template that was stored parses; a subject of the campaign's own beside it may not. */
function parse<T>(compiled: () => T): T | { problems: Problem[] } {
  try {
    return compiled();
  } catch (error) {
    if (error instanceof AppError && error.details.errors) return { problems: error.details.errors };
    throw error;
  }
}
