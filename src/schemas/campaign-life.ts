import { z } from 'zod';
import { DELIVERY_STATUSES, type Delivery } from '../models/delivery.js';
import { RETRY_STATUSES } from '../models/email-campaign.js';
import type { Preflight } from '../sending/campaigns/preflight/index.js';
import { SendQuotaView } from './businesses.js';
import { Campaign, FutureDate } from './campaigns.js';
import { NamedEmail, VariablesSchema } from './common.js';
import { ById, Id, operation, Timestamp } from './operation.js';

const Finding = z
  .object({ path: z.string(), message: z.string() })
  .meta({ id: 'PreflightFinding', description: 'What it is about, and what is found' });

const PreflightView = z
  .object({
    problems: z.array(Finding).meta({ description: 'Each of them keeps the campaign from being sent' }),
    warnings: z.array(Finding),
    recipients: z.int().meta({ description: 'Still to be mailed' }),
    suppressed: z.int().nullable().meta({
      description: 'Of these, on the suppression list and left out; null where the list is too long to tell at once',
    }),
    quota: z
      .object({ limit: z.int(), used: z.int(), left: z.int() })
      .meta({ description: 'Messages of the month; `left` is what campaigns may still use' }),
    ses: z
      .object({
        quota: SendQuotaView.nullable(),
        sendingEnabled: z.boolean().nullable(),
        sender: z.enum(['verified', 'unverified']).nullable(),
      })
      .nullable()
      .meta({
        description: 'What SES says of the account and the sender, at most a minute old; null where it says nothing',
      }),
    missingVariables: z.array(z.object({ name: z.string(), required: z.boolean(), recipients: z.int() })).meta({
      description: 'Recipients without a value: of all for required variables, of the first 1,000 for others',
    }),
    expectedSeconds: z.int().nullable().meta({ description: 'Sending time by the rate; null while it is not known' }),
    expectedDays: z.int().nullable().meta({ description: 'Days on which something goes out, by the daily caps' }),
  })
  .meta({ id: 'Preflight' });

const warnings = z.array(Finding).meta({ description: 'What keeps nothing from being sent, and is worth knowing' });

export const PreflightCampaign = operation({
  summary: 'Check what would happen if the campaign were sent now',
  description: 'The same checks bind when it is sent, and again when a scheduled one is launched.',
  params: ById,
  answer: { preflight: PreflightView },
});

export const SendCampaign = operation({
  summary: 'Send a campaign now',
  description:
    'Content, sender and variables are frozen into the campaign; later edits of the template do not change it. 422 `preflight_failed` names every problem at once.',
  params: ById,
  status: 202,
  idempotent: true,
  answer: { campaign: Campaign, warnings },
});

export const ScheduleCampaign = operation({
  summary: 'Have a draft sent at a time',
  description:
    'Recipients can still be added and the campaign edited. It is checked when its time comes: what does not pass is paused with the reason, and so is what was missed by more than six hours. `preflight` says what a check finds at present.',
  params: ById,
  body: z.strictObject({ scheduledFor: Timestamp.transform((text) => new Date(text)) }),
  idempotent: true,
  answer: { campaign: Campaign, preflight: PreflightView },
});

export const UnscheduleCampaign = operation({
  summary: 'Make a scheduled campaign a draft again',
  params: ById,
  idempotent: true,
  answer: { campaign: Campaign },
});

export const PauseCampaign = operation({
  summary: 'Pause a running campaign',
  description:
    'Beyond the calls under way nothing more goes out. Of a campaign that the month’s limit paused, it is a word that it shall not go on by itself.',
  params: ById,
  idempotent: true,
  answer: { campaign: Campaign },
});

export const ResumeCampaign = operation({
  summary: 'Let a paused campaign go on where it stopped',
  description:
    'One whose launch was withheld is checked and launched. After a pause for `reputation` say `acknowledge`: what was counted, of the campaign and of the business’s week, starts anew. After `expired` name a later `expiresAt`.',
  params: ById,
  body: z.strictObject({
    acknowledge: z.boolean().optional(),
    expiresAt: FutureDate.optional(),
  }),
  idempotent: true,
  answer: { campaign: Campaign, warnings },
});

export const CancelCampaign = operation({
  summary: 'End a campaign for good',
  description: 'Who was not mailed yet becomes `cancelled`; a long list takes up to a minute.',
  params: ById,
  idempotent: true,
  answer: { campaign: Campaign },
});

export const RetryCampaign = operation({
  summary: 'Send once more to those that failed, or of whom nobody knows',
  description:
    'Only to them. Unconfirmed ones may have got the message, and get it once more then; so only 15 minutes after their attempt, within which SES may say what became of it.',
  params: ById,
  body: z.strictObject({
    statuses: z.array(z.enum(RETRY_STATUSES)).min(1, 'must not be empty').max(10),
    expiresAt: FutureDate.optional().meta({ description: 'The campaign’s new end, where its own is past' }),
  }),
  status: 202,
  idempotent: true,
  answer: { campaign: Campaign, retried: z.object({ failed: z.int(), unconfirmed: z.int() }), warnings },
});

export const TestCampaign = operation({
  summary: 'Send the campaign, as it is, to up to ten people',
  description:
    'It counts into the month, and neither into the campaign’s recipients nor its numbers. Variables are those given, else those of the first recipient. The answer waits up to ten seconds for SES’s. Of equal addresses the first gets it.',
  params: ById,
  body: z.strictObject({
    to: z.array(NamedEmail).min(1, 'must not be empty').max(10),
    variables: VariablesSchema.optional(),
  }),
  status: 202,
  idempotent: true,
  answer: {
    recipients: z.array(
      z.object({
        id: Id,
        email: z.string(),
        status: z.enum(DELIVERY_STATUSES),
        messageId: z.string().nullable(),
        error: z.object({ code: z.string(), message: z.string() }).nullable(),
      }),
    ),
  },
});

/** A preflight for its reader. */
export function presentPreflight(found: Preflight): z.output<typeof PreflightView> {
  const { problems, warnings, recipients, suppressed, month, ses, missing, duration } = found;
  return {
    problems,
    warnings,
    recipients,
    suppressed: suppressed ?? null,
    quota: month,
    ses: ses
      ? { quota: ses.quota ?? null, sendingEnabled: ses.sendingEnabled ?? null, sender: ses.sender ?? null }
      : null,
    missingVariables: missing,
    expectedSeconds: duration?.seconds ?? null,
    expectedDays: duration?.days ?? null,
  };
}

/** A test's delivery for its reader. */
export function presentTest({ _id, email, status, messageId, error }: Delivery) {
  return {
    id: _id.toHexString(),
    email,
    status,
    messageId: messageId ?? null,
    error: error ? { code: error.code ?? 'unknown', message: error.message ?? '' } : null,
  };
}
