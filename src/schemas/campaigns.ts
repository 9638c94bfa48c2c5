import { z } from 'zod';
import {
  CAMPAIGN_SCHEDULES,
  CAMPAIGN_STATUSES,
  type EmailCampaign,
  HOLD_REASONS,
  PAUSE_REASONS,
} from '../models/email-campaign.js';
import type { Halt } from '../sending/halt.js';
import { Email, line } from './common.js';
import { ById, Id, operation, PageQuery, Pagination, Timestamp } from './operation.js';

const HTML_MAX = 512 * 1024;

/** What may be left out, or be `null`, as answers write what is not there. */
const given = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined);

const part = z.string().min(1).max(HTML_MAX);

const Content = z
  .strictObject({ html: given(part), text: given(part) })
  .refine(({ html, text }) => html || text, { error: 'must have html, text or both' })
  .meta({
    description: '`html`, `text` or both; without a text part one is derived from the HTML',
    example: { html: '<p>Dear {{ name }}, the new bottles are in.</p>' },
  });

export const FutureDate = Timestamp.transform((text) => new Date(text)).refine((date) => date.getTime() > Date.now(), {
  error: 'must lie in the future',
});

const RatePerSecond = z
  .number()
  .min(0.01)
  .max(10_000)
  .meta({ description: 'Messages a second, under the rate of the SES account', example: 5 });

const DailyCap = z.int().min(1).max(1_000_000_000).meta({
  description: 'Messages a day in the business’s timezone; the rest goes out on the next days',
  example: 5_000,
});

const Tracking = z.strictObject({ opens: given(z.boolean()), clicks: given(z.boolean()) }).meta({
  description: 'Whether opens and clicks are tracked; what is left out is as the business’s settings have it',
});

const fields = {
  name: line(200).meta({ example: 'Autumn news' }),
  subject: given(line(500)).meta({ example: 'News for {{ name }}' }),
  fromEmail: given(Email),
  fromName: given(line(200)).meta({ example: 'Whisky' }),
  replyTo: given(Email),
  template: given(Id),
  content: given(Content),
  expiresAt: given(FutureDate),
  ratePerSecond: given(RatePerSecond),
  dailyCap: given(DailyCap),
  tracking: given(Tracking),
};

const PAUSES = [
  '`user`: by request',
  '`quota_exceeded`: the month is used up; goes on by itself with the next one, or a raised limit',
  '`business_inactive`: the business was suspended or cancelled; goes on by itself when it is active again',
  '`account`: SES stopped the account',
  '`credentials`: SES refused its keys',
  '`rejections`: SES refused one message after the other',
  '`reputation`: too many bounced or complained',
  '`expired`: its `expiresAt` is past',
  '`missed_schedule`: its time was missed by more than six hours',
  '`preflight_failed`: it did not pass the checks when its time came',
].join('; ');

const HOLDS = [
  '`day_exhausted`: SES’s 24 hours are used up',
  '`daily_cap`: the campaign’s own',
  '`domain_daily_cap`: its sending domain’s',
  '`unclear_answers`: SES gives none that say whether it took a message',
  '`hub_paused`: the administrator of the hub has stopped all sending',
].join('; ');

/** A campaign as it goes out. */
export const Campaign = z
  .object({
    id: Id,
    name: z.string(),
    subject: z.string().nullable(),
    fromEmail: z.string().nullable(),
    fromName: z.string().nullable(),
    replyTo: z.string().nullable(),
    template: Id.nullable(),
    content: z.object({ html: z.string().nullable(), text: z.string().nullable() }).nullable(),
    schedule: z.enum(CAMPAIGN_SCHEDULES),
    scheduledFor: z.iso.datetime().nullable(),
    expiresAt: z.iso.datetime().nullable().meta({ description: 'Nothing of it goes out after this' }),
    ratePerSecond: z.number().nullable(),
    dailyCap: z.int().nullable(),
    tracking: z
      .object({ opens: z.boolean().nullable(), clicks: z.boolean().nullable() })
      .meta({ description: '`null`: as the business’s settings have it when it is sent' }),
    status: z.enum(CAMPAIGN_STATUSES),
    pause: z
      .object({
        reason: z.enum(PAUSE_REASONS).meta({ description: PAUSES }),
        message: z.string(),
        at: z.iso.datetime(),
      })
      .nullable(),
    hold: z
      .object({
        reason: z.enum([...HOLD_REASONS, 'hub_paused']).meta({ description: HOLDS }),
        message: z.string(),
        since: z.iso.datetime(),
        until: z.iso.datetime().nullable(),
      })
      .nullable()
      .meta({ description: 'Why nothing of a running campaign goes out at present; it goes on by itself' }),
    launchedAt: z.iso.datetime().nullable(),
    completedAt: z.iso.datetime().nullable(),
    archivedAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Campaign' });

export const CreateCampaign = operation({
  summary: 'Create a campaign',
  description:
    'A draft, with content or a template. What is left out is taken from the template and the business’s settings when it is sent; `subject` here wins over the template’s.',
  body: z.strictObject(fields).refine(({ template, content }) => !(template && content), {
    path: ['content'],
    error: 'either content or template',
  }),
  bodyLimit: '2mb',
  status: 201,
  idempotent: true,
  answer: { campaign: Campaign },
});

export const ListCampaigns = operation({
  summary: 'List campaigns, newest first',
  query: PageQuery.extend({
    status: z.enum(CAMPAIGN_STATUSES).optional(),
    archived: z.stringbool().default(false).meta({ type: 'boolean', description: 'The archived ones, and no others' }),
  }),
  answer: { campaigns: z.array(Campaign), pagination: Pagination },
});

export const GetCampaign = operation({ summary: 'Read a campaign', params: ById, answer: { campaign: Campaign } });

const clearable = <T extends z.ZodType>(schema: T) => schema.nullable().optional();

export const UpdateCampaign = operation({
  summary: 'Change a campaign',
  description: 'Until it is launched, also when its launch was withheld. `null` takes a field away.',
  params: ById,
  body: z
    .strictObject({
      name: line(200).optional().meta({ example: 'Autumn news' }),
      scheduledFor: FutureDate.optional().meta({
        description: 'Another time for a scheduled campaign. Needs `send_emails` as well',
      }),
      subject: clearable(line(500)).meta({ example: 'News for {{ name }}' }),
      fromEmail: clearable(Email),
      fromName: clearable(line(200)).meta({ example: 'Whisky' }),
      replyTo: clearable(Email),
      template: clearable(Id),
      content: clearable(Content),
      expiresAt: clearable(FutureDate),
      ratePerSecond: clearable(RatePerSecond),
      dailyCap: clearable(DailyCap),
      tracking: clearable(Tracking),
    })
    .refine(({ template, content }) => !(template && content), {
      path: ['content'],
      error: 'either content or template',
    }),
  bodyLimit: '2mb',
  answer: { campaign: Campaign },
});

export const DeleteCampaign = operation({
  summary: 'Delete a campaign that was never launched, or archive one that is over',
  description: 'An archived campaign stays, with its recipients and numbers, and is listed with `archived=true` only.',
  params: ById,
  answer: {},
});

export const DuplicateCampaign = operation({
  summary: 'Make a draft like this campaign, without its recipients',
  params: ById,
  body: z.strictObject({ name: line(200).optional().meta({ example: 'Autumn news, again' }) }),
  status: 201,
  idempotent: true,
  answer: { campaign: Campaign },
});

/** A campaign for its reader. @param halt whether all sending is stopped, which a running one shows as its hold. */
export function presentCampaign(campaign: EmailCampaign, halt?: Halt): z.output<typeof Campaign> {
  const { content, pause, frozen } = campaign;
  const hold = (campaign.status === 'sending' && halt && holdOf(halt)) || campaign.hold;
  return {
    id: campaign._id.toHexString(),
    name: campaign.name,
    subject: frozen?.subject ?? campaign.subject ?? null,
    fromEmail: frozen?.fromEmail ?? campaign.fromEmail ?? null,
    fromName: frozen?.fromName ?? campaign.fromName ?? null,
    replyTo: frozen?.replyTo ?? campaign.replyTo ?? null,
    template: campaign.template?.toHexString() ?? null,
    content: content?.html || content?.text ? { html: content.html ?? null, text: content.text ?? null } : null,
    schedule: campaign.schedule,
    scheduledFor: campaign.scheduledFor?.toISOString() ?? null,
    expiresAt: campaign.expiresAt?.toISOString() ?? null,
    ratePerSecond: campaign.ratePerSecond ?? null,
    dailyCap: campaign.dailyCap ?? null,
    tracking: presentTracking(campaign),
    status: campaign.status,
    pause:
      pause?.reason && pause.at
        ? { reason: pause.reason, message: pause.message ?? '', at: pause.at.toISOString() }
        : null,
    hold: hold
      ? {
          reason: hold.reason,
          message: hold.message,
          since: hold.since.toISOString(),
          until: hold.until?.toISOString() ?? null,
        }
      : null,
    launchedAt: campaign.launchedAt?.toISOString() ?? null,
    completedAt: campaign.completedAt?.toISOString() ?? null,
    archivedAt: campaign.archivedAt?.toISOString() ?? null,
    createdAt: campaign.createdAt.toISOString(),
    updatedAt: campaign.updatedAt.toISOString(),
  };
}

/** Why it is stopped is between administrators. */
function holdOf({ isHalted, since }: Halt) {
  if (!isHalted || !since) return undefined;
  const message = 'The administrator of the hub has stopped all sending; it goes on by itself when that ends';
  return { reason: 'hub_paused' as const, message, since, until: undefined };
}

/** Of a launched campaign, what was frozen. */
function presentTracking({ frozen, tracking }: EmailCampaign): z.output<typeof Campaign>['tracking'] {
  const { opens, clicks } = frozen?.tracking ?? tracking ?? {};
  return { opens: opens ?? null, clicks: clicks ?? null };
}
