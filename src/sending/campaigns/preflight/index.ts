import type { Problem } from '../../../errors.js';
import { type Business, BusinessModel } from '../../../models/business.js';
import type { EmailCampaign } from '../../../models/email-campaign.js';
import type { Frozen } from '../../../models/frozen.js';
import type { SesState } from '../../../ses/state.js';
import { compile } from '../../../templates/compile.js';
import type { Tenant } from '../../../tenant.js';
import { senderProblem } from '../../domains/sender.js';
import { recentHalt } from '../../halt.js';
import { type Cap, capsOf } from '../../limits/caps.js';
import { type Month, monthLeft } from '../../limits/month.js';
import { askSes } from './account.js';
import { type Lack, lackingOptional, lackingRequired, pendingOf, sampleOf, suppressedOf } from './audience.js';
import { type Duration, durationOf } from './duration.js';
import { type Freezing, freeze } from './freeze.js';
import { rendering } from './rendering.js';

/** What would happen if a campaign were sent at this moment. */
export interface Preflight {
  /** Each of them keeps the campaign from being sent. */
  problems: Problem[];
  /** What its sender should know, and may accept. */
  warnings: Problem[];
  /** Still to be mailed. */
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

/**
 * Checks everything that can be known before a campaign is sent. The same checks bind when it is sent, and again when a
 * scheduled one is launched. Of one that was launched, what was frozen is checked, and not what it was made of.
 */
export async function preflight(tenant: Tenant, campaign: EmailCampaign): Promise<Preflight> {
  const business = await BusinessModel.findById(tenant.businessId).lean<Business>().orFail();
  const freezing = await contentOf(tenant, campaign, business);
  const content = 'frozen' in freezing ? freezing : undefined;
  const fromEmail = content?.frozen.fromEmail ?? campaign.fromEmail ?? business.settings.defaultFromEmail ?? '';
  const [sample, recipients, suppressed, month, ses, required, halt] = await Promise.all([
    sampleOf(campaign._id),
    pendingOf(campaign._id),
    suppressedOf(tenant, campaign._id),
    monthLeft(tenant.businessId),
    campaign.isTest ? undefined : askSes(business, fromEmail),
    content ? lackingRequired(campaign._id, content.compiled) : [],
    recentHalt(),
  ]);
  const rendered = content ? await rendering(content.frozen, sample) : { problems: [], warnings: [] };
  const optional = content ? lackingOptional(sample, content.compiled) : [];
  const caps = capsOf(campaign, fromEmail, business);
  const toSend = recipients - (suppressed ?? 0);
  const duration = durationOf(toSend, { ratePerSecond: campaign.ratePerSecond, caps, quota: ses?.quota }, business);

  const problems = [
    ...stateProblems(campaign),
    ...('problems' in freezing ? freezing.problems : []),
    ...audienceProblems(campaign, recipients, suppressed),
    ...rendered.problems,
    ...(required ?? []).map(({ name, recipients: n }) =>
      lacks(name, n, recipients, 'it is required and has no default'),
    ),
    ...outdated(campaign),
    ...businessProblems(business),
    // What a test key made never reaches SES.
    ...(campaign.isTest ? [] : [...accountProblems(business, ses), ...senderProblems(business, fromEmail)]),
  ];
  const warnings = [
    ...rendered.warnings,
    ...(required ? [] : [{ path: 'recipients', message: 'the required variables could not be checked in time' }]),
    ...optional.map(({ name, recipients: n }) => lacks(name, n, sample.length, 'its place stays empty')),
    ...suppressedWarnings(recipients, suppressed),
    ...(campaign.isTest ? [] : limitWarnings(toSend, { month, ses, caps, duration, campaign })),
    ...(ses && ses.sender !== 'verified' ? [senderWarning(ses, fromEmail)] : []),
    ...(halt.isHalted ? [{ path: 'hub', message: HALTED }] : []),
  ];
  const missing = [
    ...(required ?? []).map((lack) => ({ ...lack, required: true })),
    ...optional.map((lack) => ({ ...lack, required: false })),
  ];
  return { problems, warnings, recipients, suppressed, month, ses, missing, duration, frozen: content?.frozen };
}

async function contentOf(tenant: Tenant, campaign: EmailCampaign, business: Business): Promise<Freezing> {
  if (!campaign.frozen) return freeze(tenant, campaign, business);
  const { subject, html, text, variables } = campaign.frozen;
  return { frozen: campaign.frozen, compiled: compile({ subject, html, text }, variables) };
}

/** The problems of a launched campaign that keep it from going on: its content and recipients are what they are. */
export function keepFromGoingOn({ problems }: Preflight): Problem[] {
  return problems.filter(({ path }) => [ACCOUNT, SENDER, 'expiresAt', 'business'].includes(path));
}

/** Whether the one thing that is wrong is where it comes from. */
export function isOnlySender(problems: readonly Problem[]): boolean {
  return problems.length > 0 && problems.every(({ path }) => path === SENDER);
}

const HALTED = 'the administrator of the hub has stopped all sending: it goes out when that ends';

/** The path of what is wrong with the SES account. */
const ACCOUNT = 'ses';

/** The path of what is wrong with the domain it comes from. */
const SENDER = 'domain';

/** Whether recipients are being imported; by this process's clock, so the launch itself asks the database's again. */
export function hasLiveImport({ imports }: EmailCampaign): boolean {
  return imports.some(({ until }) => until && until.getTime() > Date.now());
}

function stateProblems(campaign: EmailCampaign): Problem[] {
  const { status, launchedAt } = campaign;
  return [
    ...(launchedAt || status === 'cancelled' ? [{ path: 'status', message: `it is ${status} already` }] : []),
    ...(hasLiveImport(campaign) ? [{ path: 'recipients', message: 'they are still being imported' }] : []),
  ];
}

function audienceProblems(
  { launchedAt }: EmailCampaign,
  recipients: number,
  suppressed: number | undefined,
): Problem[] {
  // What a launched one had is mailed.
  if (launchedAt) return [];
  if (recipients === 0) return [{ path: 'recipients', message: 'it has no recipients' }];
  if (suppressed !== recipients) return [];
  return [{ path: 'recipients', message: 'all of its recipients are suppressed, and would be left out' }];
}

function lacks(name: string, count: number, of: number, why: string): Problem {
  return { path: 'recipients', message: `“${name}” is missing for ${count} of ${of} recipients: ${why}` };
}

function outdated({ expiresAt }: EmailCampaign): Problem[] {
  if (!expiresAt || expiresAt.getTime() > Date.now()) return [];
  return [{ path: 'expiresAt', message: `it was to be sent until ${expiresAt.toISOString()}; give it a later end` }];
}

function businessProblems({ status }: Business): Problem[] {
  return status === 'active' ? [] : [{ path: 'business', message: `the business is ${status}` }];
}

function accountProblems({ sesConfiguration }: Business, ses: SesState | undefined): Problem[] {
  if (!ses) return [{ path: ACCOUNT, message: 'no SES account is connected: PUT /api/business/ses' }];
  if (!sesConfiguration.verified) {
    return [{ path: ACCOUNT, message: 'SES refused the account’s keys: connect it again, PUT /api/business/ses' }];
  }
  if (ses.sendingEnabled === false) {
    return [{ path: ACCOUNT, message: 'sending is switched off in the SES account (AWS console, Account dashboard)' }];
  }
  return [];
}

/** Without a sender there is another problem, which says so. */
function senderProblems(business: Business, fromEmail: string): Problem[] {
  const message = fromEmail ? senderProblem(business, fromEmail) : undefined;
  return message ? [{ path: SENDER, message }] : [];
}

function senderWarning(ses: SesState, fromEmail: string): Problem {
  const message =
    ses.sender === 'unverified'
      ? `SES has not verified ${fromEmail} nor its domain, and may refuse everything`
      : 'SES does not say whether it has verified the sender';
  return { path: 'fromEmail', message };
}

function suppressedWarnings(recipients: number, suppressed: number | undefined): Problem[] {
  if (suppressed === undefined) return [{ path: 'recipients', message: 'the suppressed could not be counted in time' }];
  if (suppressed === 0 || suppressed === recipients) return [];
  return [{ path: 'recipients', message: `${suppressed} of ${recipients} are suppressed, and will be left out` }];
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
    const then = month.limit > 0 ? 'it pauses then, and goes on next month' : 'nothing will go out';
    const message = `${month.left} of the month’s ${month.limit} messages are left for campaigns: ${then}`;
    warnings.push({ path: 'quota', message });
  }
  const { maxPer24Hours: max = -1, sentLast24Hours: sent = 0 } = ses?.quota ?? {};
  if (max >= 0 && max - sent < toSend) {
    const left = Math.max(0, max - sent);
    warnings.push({ path: ACCOUNT, message: `${left} of the SES account’s ${max} messages of 24 hours are left` });
  }
  if (duration && duration.days > 1 && caps.length > 0) {
    const path = caps.some(({ reason }) => reason === 'daily_cap') ? 'dailyCap' : 'settings.domainLimits';
    warnings.push({ path, message: `it goes out over ${duration.days} days` });
  }
  const { expiresAt } = campaign;
  if (duration && expiresAt && outdated(campaign).length === 0) {
    const endsAt = Date.now() + (duration.endsInSeconds ?? Number.POSITIVE_INFINITY) * 1_000;
    if (endsAt > expiresAt.getTime()) {
      warnings.push({ path: 'expiresAt', message: 'sending takes longer than that, and pauses then' });
    }
  }
  return warnings;
}
