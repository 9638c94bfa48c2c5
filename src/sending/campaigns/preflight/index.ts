import type { Problem } from '../../../errors.js';
import { type Business, BusinessModel } from '../../../models/business.js';
import type { EmailCampaign } from '../../../models/email-campaign.js';
import type { Frozen } from '../../../models/frozen.js';
import type { SesState } from '../../../ses/state.js';
import type { Tenant } from '../../../tenant.js';
import { type Cap, capsOf } from '../../limits/caps.js';
import { type Month, monthLeft } from '../../limits/month.js';
import { askSes } from './account.js';
import { type Lack, lackingOptional, lackingRequired, pendingOf, sampleOf, suppressedOf } from './audience.js';
import { type Duration, durationOf } from './duration.js';
import { freeze } from './freeze.js';
import { rendering } from './rendering.js';

/** What would happen if a campaign were sent at this moment. */
export interface Preflight {
  /** Each of them keeps the campaign from being sent. */
  problems: Problem[];
  /** What its sender should know, and may accept. */
  warnings: Problem[];
  recipients: number;
  /** How many of the recipients will be left out; undefined where the list is too long to tell at once. */
  suppressed?: number | undefined;
  month: Month;
  /** Undefined where no account is connected. */
  ses?: SesState | undefined;
  missing: (Lack & { required: boolean })[];
  duration?: Duration | undefined;
  /** What is sent; undefined where something is missing for it. */
  frozen?: Frozen | undefined;
}

/** The path of the problem that the business has no SES account. */
export const NO_SES = 'ses';

/**
 * Checks everything that can be known before a campaign is sent. The same checks bind when it is sent, and again when a
 * scheduled one is launched.
 */
export async function preflight(tenant: Tenant, campaign: EmailCampaign): Promise<Preflight> {
  const business = await BusinessModel.findById(tenant.businessId).lean<Business>().orFail();
  const freezing = await freeze(tenant, campaign, business);
  const frozen = 'frozen' in freezing ? freezing.frozen : undefined;
  const compiled = 'frozen' in freezing ? freezing.compiled : undefined;
  const fromEmail = frozen?.fromEmail ?? campaign.fromEmail ?? business.settings.defaultFromEmail ?? '';
  const [sample, recipients, suppressed, month, ses, required] = await Promise.all([
    sampleOf(campaign._id),
    pendingOf(campaign._id),
    suppressedOf(tenant, campaign._id),
    monthLeft(tenant.businessId),
    askSes(business, fromEmail),
    compiled ? lackingRequired(campaign._id, compiled) : [],
  ]);
  const rendered = frozen ? await rendering(frozen, sample) : { problems: [], warnings: [] };
  const optional = compiled ? lackingOptional(sample, compiled) : [];
  const caps = capsOf(campaign, fromEmail, business);
  const toSend = recipients - (suppressed ?? 0);
  const duration = durationOf(toSend, { ratePerSecond: campaign.ratePerSecond, caps, quota: ses?.quota }, business);

  const problems = [
    ...('problems' in freezing ? freezing.problems : []),
    ...(recipients === 0 ? [{ path: 'recipients', message: 'it has no recipients' }] : []),
    ...rendered.problems,
    ...(required ?? []).map(({ name, recipients: n }) =>
      lacks(name, n, recipients, 'it is required and has no default'),
    ),
    ...outdated(campaign),
    ...accountProblems(business, ses),
  ];
  const warnings = [
    ...rendered.warnings,
    ...(required ? [] : [{ path: 'recipients', message: 'the required variables could not be checked in time' }]),
    ...optional.map(({ name, recipients: n }) => lacks(name, n, sample.length, 'its place stays empty')),
    ...audienceWarnings(recipients, suppressed),
    ...limitWarnings(toSend, { month, ses, caps, duration, campaign }),
    ...(ses && ses.sender !== 'verified' ? [senderWarning(ses, fromEmail)] : []),
  ];
  const missing = [
    ...(required ?? []).map((lack) => ({ ...lack, required: true })),
    ...optional.map((lack) => ({ ...lack, required: false })),
  ];
  return { problems, warnings, recipients, suppressed, month, ses, missing, duration, frozen };
}

function lacks(name: string, count: number, of: number, why: string): Problem {
  return { path: 'recipients', message: `“${name}” is missing for ${count} of ${of} recipients: ${why}` };
}

function outdated({ expiresAt }: EmailCampaign): Problem[] {
  if (!expiresAt || expiresAt.getTime() > Date.now()) return [];
  return [{ path: 'expiresAt', message: `it was to be sent until ${expiresAt.toISOString()}` }];
}

function accountProblems({ status, sesConfiguration }: Business, ses: SesState | undefined): Problem[] {
  if (status !== 'active') return [{ path: 'business', message: `the business is ${status}` }];
  if (!ses || !sesConfiguration.verified) {
    return [{ path: NO_SES, message: 'no SES account is connected, or SES refused its keys: PUT /api/business/ses' }];
  }
  if (ses.sendingEnabled === false) {
    return [{ path: NO_SES, message: 'sending is switched off in the SES account (AWS console, Account dashboard)' }];
  }
  return [];
}

function senderWarning(ses: SesState, fromEmail: string): Problem {
  const message =
    ses.sender === 'unverified'
      ? `SES has not verified ${fromEmail} nor its domain, and may refuse everything`
      : 'SES does not say whether it has verified the sender';
  return { path: 'fromEmail', message };
}

function audienceWarnings(recipients: number, suppressed: number | undefined): Problem[] {
  if (suppressed === undefined) return [{ path: 'recipients', message: 'the suppressed could not be counted in time' }];
  if (suppressed === 0) return [];
  return [{ path: 'recipients', message: `${suppressed} of ${recipients} recipients are suppressed and left out` }];
}

interface Limits {
  month: Month;
  ses: SesState | undefined;
  caps: readonly Cap[];
  duration: Duration | undefined;
  campaign: EmailCampaign;
}

function limitWarnings(toSend: number, { month, ses, caps, duration, campaign }: Limits): Problem[] {
  const warnings: Problem[] = [];
  if (month.left < toSend) {
    const message = `the month has ${month.left} messages left for campaigns; it pauses then, and goes on next month`;
    warnings.push({ path: 'quota', message });
  }
  const { maxPer24Hours: max = -1, sentLast24Hours: sent = 0 } = ses?.quota ?? {};
  if (max >= 0 && max - sent < toSend) {
    warnings.push({
      path: NO_SES,
      message: `SES’s account has ${Math.max(0, max - sent)} of its ${max} messages of 24 hours left`,
    });
  }
  if (duration && duration.days > 1 && caps.length > 0) {
    warnings.push({ path: 'dailyCap', message: `it goes out over ${duration.days} days` });
  }
  if (duration && campaign.expiresAt && Date.now() + duration.seconds * 1_000 > campaign.expiresAt.getTime()) {
    warnings.push({ path: 'expiresAt', message: 'it takes longer than that, and pauses then' });
  }
  return warnings;
}
