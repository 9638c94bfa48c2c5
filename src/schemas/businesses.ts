import { z } from 'zod';
import { BILLING_CYCLES, BUSINESS_STATUSES, type Business, GUARD_DEFAULTS } from '../models/business.js';
import { PLANS } from '../plans.js';
import { SES_REGIONS } from '../ses/credentials.js';
import { isTimezone, monthIn } from '../timezones.js';
import { Domain, Email, line } from './common.js';
import { Id, operation, Timestamp } from './operation.js';
import { WebhookUrl } from './webhooks.js';

export const SubscriptionView = z
  .object({
    plan: z.enum(PLANS),
    emailsPerMonth: z.number().int().meta({ description: 'Messages a calendar month in the business’s timezone' }),
    emailsSentThisMonth: z.number().int().meta({ description: 'Sent, and reserved for what is being sent' }),
    billingCycle: z.enum(BILLING_CYCLES),
    nextBillingDate: Timestamp.nullable(),
  })
  .meta({ id: 'Subscription' });

const Percent = z.number().min(0.001).max(100);

const GuardView = z
  .object({ maxBouncePercent: z.number(), maxComplaintPercent: z.number(), minOutcomes: z.int() })
  .meta({
    id: 'ReputationGuard',
    description:
      'Campaigns pause when more than these shares of what was sent bounce for good or are complained of, by the events of SES that the hub gets: of a campaign, or of the business’s last seven days, once so many were sent. Complaints count from the third on.',
  });

const Day = z.iso.date('must be a day such as 2026-12-24').meta({ example: '2026-12-24' });

const DomainLimit = z
  .strictObject({
    domain: Domain,
    dailyCap: z.int().min(1).max(1_000_000_000).optional().meta({ description: 'Messages a day at most' }),
    warmUp: z
      .strictObject({
        startsOn: Day.meta({ description: 'The first day of the ramp, in the business’s timezone' }),
        perDay: z
          .array(z.int().min(1).max(1_000_000_000))
          .min(1)
          .max(90)
          .meta({
            description: 'Messages of each day of the ramp; after its last the daily cap alone binds',
            example: [200, 400, 800],
          }),
      })
      .optional(),
  })
  .refine(({ dailyCap, warmUp }) => dailyCap !== undefined || warmUp !== undefined, {
    error: 'must have dailyCap, warmUp or both',
  })
  .meta({ id: 'DomainLimit' });

const DomainLimits = z
  .array(DomainLimit)
  .max(100)
  .superRefine((limits, ctx) => {
    limits.forEach(({ domain }, index) => {
      if (limits.findIndex((other) => other.domain === domain) === index) return;
      ctx.addIssue({ code: 'custom', path: [index, 'domain'], message: `is there twice: ${domain}` });
    });
  })
  .meta({
    description:
      'What campaigns may send a day from a sending domain; the rest goes out on the next days. Replaces the list',
  });

const TrackingView = z.object({ opens: z.boolean(), clicks: z.boolean() }).meta({
  id: 'Tracking',
  description: 'Of campaigns that do not say so themselves: a pixel, and links by way of the hub',
});

/** Lines as a person wrote them; kept with LF, each trimmed, none of them empty. */
const PostalAddress = z
  .string()
  .max(1_000)
  .transform((text) =>
    text
      .split(/\r\n?|\n/)
      .map((one) => one.trim())
      .filter(Boolean)
      .join('\n'),
  )
  .pipe(
    z
      .string()
      .min(1, 'must not be empty')
      .max(300)
      .regex(/^(?:[^\p{Cc}\p{Cs}]|\n)*$/u, 'must not contain control characters or halves of characters'),
  )
  .meta({
    type: 'string',
    maxLength: 300,
    description: 'The sender’s, in up to 300 characters of several lines: at the end of every campaign',
    example: 'Whisky Ltd\n1 High Street\nEdinburgh',
  });

export const SettingsView = z
  .object({
    defaultFromEmail: z.string().nullable(),
    defaultFromName: z.string().nullable(),
    replyToEmail: z.string().nullable(),
    webhookUrl: z.string().nullable().meta({ description: 'The URL of the webhook named `default`' }),
    timezone: z.string().meta({ example: 'Europe/Berlin' }),
    domainLimits: z.array(DomainLimit),
    guard: GuardView,
    tracking: TrackingView,
    trackingDomain: z.string().nullable(),
    postalAddress: z.string().nullable(),
  })
  .meta({ id: 'BusinessSettings' });

export const SesConfigurationView = z
  .object({
    configured: z.boolean(),
    verified: z.boolean().meta({ description: 'SES answered GetSendQuota to these credentials' }),
    verifiedAt: Timestamp.nullable(),
    region: z.string(),
    accessKeyId: z.string().nullable().meta({ description: 'Its ends only', example: 'AKIA…WXYZ' }),
  })
  .meta({ id: 'SesConfiguration' });

export const BusinessView = z
  .object({
    id: Id,
    name: z.string(),
    domain: z.string(),
    status: z.enum(BUSINESS_STATUSES),
    subscription: SubscriptionView,
    settings: SettingsView,
    sesConfiguration: SesConfigurationView,
    createdAt: Timestamp,
  })
  .meta({ id: 'Business' });

export const SendQuotaView = z
  .object({
    maxPerSecond: z.number(),
    maxPer24Hours: z.number().meta({ description: '-1: no limit' }),
    sentLast24Hours: z.number(),
  })
  .meta({ id: 'SendQuota', description: 'What SES lets the account send, in recipients' });

/** A zone of the IANA database. Offsets (`+01:00`) are none: they know no summer time. */
const Timezone = z
  .string()
  .max(64)
  .refine(isTimezone, 'must be a timezone of the IANA database such as Europe/Berlin')
  .meta({ example: 'Europe/Berlin' });

export const GetBusiness = operation({ summary: 'The business', answer: { business: BusinessView } });

export const UpdateBusiness = operation({
  summary: 'Change the name and the settings',
  description: 'Only what is sent is changed; `null` takes a setting away.',
  body: z.strictObject({
    name: line(200).optional().meta({ example: 'Whisky Ltd' }),
    settings: z
      .strictObject({
        defaultFromEmail: Email.nullable().optional(),
        defaultFromName: line(200).nullable().optional(),
        replyToEmail: Email.nullable().optional(),
        webhookUrl: WebhookUrl.nullable().optional().meta({
          description:
            'Makes the webhook named `default`, for all types, or changes its URL and switches it on; `null` deletes it. `POST /api/webhooks/:id/rotate-secret` shows its secret',
        }),
        timezone: Timezone.nullable().optional().meta({ description: '`null` is UTC' }),
        domainLimits: DomainLimits.nullable().optional(),
        guard: z
          .strictObject({
            maxBouncePercent: Percent.optional(),
            maxComplaintPercent: Percent.optional(),
            minOutcomes: z.int().min(1).max(1_000_000).optional(),
          })
          .nullable()
          .optional()
          .meta({ description: '`null` takes all three back to 5 %, 0.1 % and 1,000' }),
        tracking: z
          .strictObject({ opens: z.boolean().optional(), clicks: z.boolean().optional() })
          .nullable()
          .optional()
          .meta({ description: 'Whether campaigns that do not say so themselves are tracked; `null` is neither' }),
        trackingDomain: Domain.nullable().optional().meta({
          description:
            'The host of the links in messages instead of the hub’s. Its CNAME has to name the hub’s host, which is looked up in DNS before it is kept; https for it is the installation’s to set up',
        }),
        postalAddress: PostalAddress.nullable().optional(),
      })
      .optional()
      .meta({
        example: {
          defaultFromEmail: 'news@example.com',
          defaultFromName: 'Whisky',
          timezone: 'Europe/Berlin',
          tracking: { opens: true, clicks: true },
          postalAddress: 'Whisky Ltd\n1 High Street\nEdinburgh',
        },
      }),
  }),
  answer: { business: BusinessView },
});

export type BusinessChanges = z.output<(typeof UpdateBusiness)['body']>;

export const ConnectSes = operation({
  summary: 'Connect an Amazon SES account',
  description:
    'The credentials are proven by GetSendQuota before they are kept; the secret is stored encrypted and never shown. ' +
    'What AWS refuses is a 422 that says why; 503 `unavailable` when AWS does not answer. Not for API keys.',
  body: z.strictObject({
    accessKeyId: z
      .string()
      .regex(/^[A-Za-z0-9]{1,128}$/, 'must be an AWS access key id: up to 128 letters and digits')
      .meta({ example: 'AKIAIOSFODNN7EXAMPLE' }),
    secretAccessKey: z
      .string()
      .min(1, 'must not be empty')
      .max(256)
      .regex(/^[\x21-\x7e]+$/, 'must be an AWS secret access key, without spaces')
      .meta({ example: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }),
    region: z.enum(SES_REGIONS).default('us-east-1'),
  }),
  answer: { business: BusinessView, quota: SendQuotaView },
});

export const DisconnectSes = operation({
  summary: 'Forget the SES credentials',
  description: 'Nothing more is sent for the business until others are connected. Not for API keys.',
  answer: {},
});

/** What of a business may be seen by those within it: no secret, and of the access key its ends. */
export function presentBusiness({
  business,
  webhookUrl,
}: {
  business: Business;
  webhookUrl: string | undefined;
}): z.output<typeof BusinessView> {
  const { settings, sesConfiguration: ses } = business;
  return {
    id: String(business._id),
    name: business.name,
    domain: business.domain,
    status: business.status,
    subscription: presentSubscription(business),
    settings: {
      defaultFromEmail: settings.defaultFromEmail ?? null,
      defaultFromName: settings.defaultFromName ?? null,
      replyToEmail: settings.replyToEmail ?? null,
      webhookUrl: webhookUrl ?? null,
      timezone: settings.timezone,
      domainLimits: (settings.domainLimits ?? []).map(({ domain, dailyCap, warmUp }) => ({
        domain,
        ...(dailyCap ? { dailyCap } : {}),
        ...(warmUp ? { warmUp: { startsOn: warmUp.startsOn, perDay: [...warmUp.perDay] } } : {}),
      })),
      guard: { ...GUARD_DEFAULTS, ...settings.guard },
      tracking: { opens: settings.tracking?.opens ?? false, clicks: settings.tracking?.clicks ?? false },
      trackingDomain: settings.trackingDomain ?? null,
      postalAddress: settings.postalAddress ?? null,
    },
    sesConfiguration: {
      configured: Boolean(ses.secretAccessKey),
      verified: ses.verified,
      verifiedAt: ses.verifiedAt?.toISOString() ?? null,
      region: ses.region,
      accessKeyId: ses.accessKeyId ? `${ses.accessKeyId.slice(0, 4)}…${ses.accessKeyId.slice(-4)}` : null,
    },
    createdAt: business.createdAt.toISOString(),
  };
}

export function presentSubscription(business: Business): z.output<typeof SubscriptionView> {
  const { subscription, settings, quota } = business;
  // The month turns when the first message of the new one is reserved; until then the number is the old month's.
  const isThisMonth = quota.period === monthIn(settings.timezone);
  return {
    plan: subscription.plan,
    emailsPerMonth: subscription.emailsPerMonth,
    emailsSentThisMonth: isThisMonth ? subscription.emailsSentThisMonth : 0,
    billingCycle: subscription.billingCycle,
    nextBillingDate: subscription.nextBillingDate?.toISOString() ?? null,
  };
}
