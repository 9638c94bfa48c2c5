import { z } from 'zod';
import { AppError, ERROR_CODES } from '../errors.js';
import { DELIVERY_STATUSES, type Delivery } from '../models/delivery.js';
import type { Event } from '../models/event.js';
import { withNamedWayOut } from '../models/frozen.js';
import { EMAIL_STREAMS, type Message } from '../models/message.js';
import type { MessageContent } from '../models/message-content.js';
import { Email, line, NamedEmail, VariablesSchema } from './common.js';
import { EventView, presentEvent } from './events.js';
import { ById, Id, operation, PageQuery, Pagination, Timestamp } from './operation.js';
import { problemsOf } from './problems.js';
import { presentOutcome } from './recipients.js';

/** SES's limit of recipients a message, which each of them sees in its header (SendRawEmail). */
const MAX_RECIPIENTS = 50;

/** All files of a message together, in bytes: in base64 they stay below SES's 10 MB. */
const MAX_FILES_SIZE = 7 * 1024 * 1024;
const MAX_FILES = 20;
const MAX_PART = 512 * 1024;
const MAX_TAGS = 10;
const DAY_MS = 86_400_000;
const MAX_HEADERS = 20;

/** The fields of a header that a sender may set: none that says who sent it, or that the hub gives (security.md). */
const HEADER = /^(?:in-reply-to|references|auto-submitted|x-(?!ses-|pmh-)[a-z0-9-]{1,62})$/i;

/** Cannot be encoded: they are ids, not text (RFC 5322 §3.6.4). */
const MESSAGE_IDS = /^(?:in-reply-to|references)$/i;

const TAG = /^[A-Za-z0-9_-]{1,64}$/;
const TAG_VALUE = /^[A-Za-z0-9_@.:/-]{1,256}$/;

/** One address, or several. */
const Addresses = z
  .preprocess(
    (value) => (typeof value === 'string' ? [value] : value),
    z.array(NamedEmail).min(1, 'must not be empty').max(MAX_RECIPIENTS),
  )
  .meta({ type: ['string', 'array'] });

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

const Attachment = z
  .strictObject({
    filename: line(200).refine((name) => !/[/\\]/.test(name), 'must be a name, not a path'),
    content: z
      .string()
      .min(1, 'must not be empty')
      .max(Math.ceil(MAX_FILES_SIZE / 3) * 4, 'must be at most 7 MB')
      .refine(
        (text) => text.length % 4 === 0 && BASE64.test(text),
        'must be base64 (RFC 4648 §4), with padding and without line breaks',
      )
      .transform((text) => Buffer.from(text, 'base64'))
      .meta({ type: 'string', contentEncoding: 'base64', example: 'SGVsbG8=' }),
    contentType: z
      .string()
      .max(127)
      .regex(/^[a-z0-9][a-z0-9.+-]*\/[a-z0-9][a-z0-9.+-]*$/i, 'must be a media type such as application/pdf')
      // RFC 2046 §5.2.1: they may not be in base64.
      .refine((type) => !/^(?:message|multipart)\//i.test(type), 'must not be message/… or multipart/…')
      .default('application/octet-stream')
      .meta({ example: 'application/pdf' }),
    contentId: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,100}$/, 'must be letters, digits, dot, _ and -')
      .optional()
      .meta({ description: 'Shown by the HTML as `<img src="cid:…">` rather than listed' }),
  })
  .meta({ id: 'NewAttachment' });

const Headers = z
  .record(z.string().max(64), line(500))
  .superRefine((headers, ctx) => {
    const names = Object.keys(headers);
    if (names.length > MAX_HEADERS) ctx.addIssue({ code: 'custom', message: `must be at most ${MAX_HEADERS}` });
    const twice = new Set<string>();
    for (const name of names) {
      const isTwice = twice.has(name.toLowerCase());
      twice.add(name.toLowerCase());
      if (isTwice) ctx.addIssue({ code: 'custom', path: [name], message: 'is there twice' });
      if (MESSAGE_IDS.test(name) && !/^[ -~]*$/.test(headers[name] ?? '')) {
        ctx.addIssue({ code: 'custom', path: [name], message: 'must be message ids, which are ASCII' });
      }
      if (HEADER.test(name)) continue;
      const message = 'may not be set: In-Reply-To, References, Auto-Submitted and X-… may, but X-SES-… and X-PMH-…';
      ctx.addIssue({ code: 'custom', path: [name], message });
    }
  })
  .meta({ example: { 'X-Order': '4711' } });

const Tags = z
  .record(z.string().max(64), z.string().regex(TAG_VALUE, 'must be 1 to 256 letters, digits and _ - @ . : /'))
  .superRefine((tags, ctx) => {
    const names = Object.keys(tags);
    if (names.length > MAX_TAGS) ctx.addIssue({ code: 'custom', message: `must be at most ${MAX_TAGS}` });
    for (const name of names.filter((one) => !TAG.test(one))) {
      ctx.addIssue({ code: 'custom', path: [name], message: 'must be named by 1 to 64 letters, digits, _ and -' });
    }
  })
  .meta({ description: 'Your own names for it, which its events and webhooks carry', example: { order: '4711' } });

const part = z.string().min(1, 'must not be empty').max(MAX_PART, `must have at most ${MAX_PART} characters`);

/**
 * That it lies ahead is asked when the message is accepted: what is asked here would also be asked of a request that comes
 * again to learn that it was accepted.
 */
const Time = Timestamp.transform((text) => new Date(text));

/** Undefined where it is none: this is asked also of what was refused before. */
const timeOf = (at: unknown) => (at instanceof Date ? at.getTime() : undefined);

const NewEmail = z
  .strictObject({
    to: Addresses.meta({ description: 'One address or several, as all of its recipients see them' }),
    cc: Addresses.optional(),
    bcc: Addresses.optional().meta({ description: 'Seen by nobody' }),
    from: NamedEmail.optional().meta({
      description: 'Of a verified domain of the business; the sender of its settings where absent',
    }),
    replyTo: NamedEmail.optional(),
    subject: line(500).optional().meta({ description: 'Needed without a template; else in place of the template’s' }),
    html: part.optional(),
    text: part.optional().meta({ description: 'Derived from the HTML where absent' }),
    template: Id.optional().meta({ description: 'In place of `html` and `text`' }),
    variables: VariablesSchema.optional().meta({
      description:
        'For the template. With `html` and `text` of your own they make templates of these; without, both are sent as they are, `{{ … }}` and all',
    }),
    attachments: z
      .array(Attachment)
      .max(MAX_FILES)
      .refine(
        (files) => files.reduce((sum, { content }) => sum + content.length, 0) <= MAX_FILES_SIZE,
        'must be at most 7 MB in all',
      )
      .optional()
      .meta({ description: 'At most 7 MB in all, before base64' }),
    headers: Headers.optional(),
    tags: Tags.optional(),
    scheduledFor: Time.refine((at) => at.getTime() < Date.now() + 30 * DAY_MS, {
      error: 'must lie within 30 days',
    })
      .optional()
      .meta({ description: 'When it is sent; at once where absent' }),
    expiresAt: Time.optional().meta({
      description: 'What could not be sent by then fails; a day after it was due where absent, a week at most',
    }),
    stream: z.enum(EMAIL_STREAMS).default('transactional').meta({
      description:
        '`transactional`: what its recipient asked for. `broadcast`: bulk, behind the transactional, not to those who unsubscribed, with a way out',
    }),
  })
  .superRefine((email, ctx) => {
    const problem = (path: string, message: string) => ctx.addIssue({ code: 'custom', path: [path], message });
    const hasContent = email.html !== undefined || email.text !== undefined;
    if (email.template && hasContent) problem('template', 'either template, or html and text');
    if (!email.template && !hasContent) problem('html', 'html, text or template is required');
    if (!email.template && email.subject === undefined) problem('subject', 'is required without a template');
    const all = [email.to, email.cc, email.bcc].flatMap((addresses) => addresses ?? []);
    if (all.length > MAX_RECIPIENTS) problem('to', `to, cc and bcc must be at most ${MAX_RECIPIENTS} addresses`);
    const [due, end] = [timeOf(email.scheduledFor), timeOf(email.expiresAt)];
    if (end === undefined) return;
    if (due !== undefined && end <= due) problem('expiresAt', 'must be later than scheduledFor');
    if (end > (due ?? Date.now()) + 7 * DAY_MS) problem('expiresAt', 'must be at most a week after it is due');
  })
  .meta({
    id: 'NewEmail',
    example: {
      from: 'Whisky <orders@example.com>',
      to: 'Ann Lee <ann@example.com>',
      subject: 'Your order 4711',
      html: '<p>Thank you, Ann.</p>',
      tags: { order: '4711' },
    },
  });

export type NewEmail = z.output<typeof NewEmail>;

const Mailbox = z.object({ email: z.string(), name: z.string().nullable() }).meta({ id: 'Mailbox' });

const EmailRecipient = z
  .object({
    id: Id,
    email: z.string(),
    status: z.enum(DELIVERY_STATUSES),
    attempts: z.int(),
    messageId: z.string().nullable().meta({ description: "SES's id of the message" }),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    sentAt: z.iso.datetime().nullable(),
    deliveredAt: z.iso.datetime().nullable(),
    bouncedAt: z.iso.datetime().nullable(),
    complainedAt: z.iso.datetime().nullable(),
    failedAt: z.iso.datetime().nullable(),
    unconfirmedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'EmailRecipient' });

const summary = {
  id: Id,
  status: z.enum(DELIVERY_STATUSES).meta({
    description:
      'Of several recipients the one that is worst off: what is still to be sent, then what is in doubt, then what failed',
  }),
  stream: z.enum(EMAIL_STREAMS),
  isTest: z.boolean().meta({ description: 'Of a test key: nothing of it goes out' }),
  from: Mailbox,
  replyTo: Mailbox.nullable(),
  to: z.array(Mailbox),
  cc: z.array(Mailbox),
  bcc: z.array(Mailbox),
  subject: z.string(),
  template: Id.nullable(),
  tags: z.record(z.string(), z.string()),
  scheduledFor: z.iso.datetime().nullable(),
  expiresAt: z.iso.datetime(),
  createdAt: z.iso.datetime(),
  recipients: z.array(EmailRecipient).meta({ description: 'One for each address' }),
};

const EmailView = z.object(summary).meta({ id: 'EmailSummary' });

const EmailDetail = z
  .object({
    ...summary,
    content: z
      .object({
        html: z.string().nullable(),
        text: z.string(),
        headers: z.record(z.string(), z.string()),
        attachments: z.array(z.object({ filename: z.string(), contentType: z.string(), size: z.int() })),
      })
      .nullable()
      .meta({
        description:
          'As it is sent, with `{{ unsubscribe_url }}` where each recipient has a link of his own; null when it is not kept any more, after as many days as the events',
      }),
    events: z.array(EventView).meta({ description: 'The latest 200, newest first' }),
  })
  .meta({ id: 'EmailMessage' });

export const SendEmail = operation({
  summary: 'Send a message to one or a few people',
  description:
    'With a 202 it is safe: it will be sent, or be shown as failed with the reason. Each address gets it by itself, with the same header. Addresses that bounced, complained, or were blocked by hand are refused with `suppressed`, all of them at once; who unsubscribed still gets transactional mail. What a `pmh_test_` key sends never goes out: the addresses of SES’s simulator (`bounce@simulator.amazonses.com`, …) have their outcomes, all others are delivered.',
  body: NewEmail,
  bodyLimit: '12mb',
  idempotent: true,
  status: 202,
  answer: { email: EmailView },
});

/** One of a batch: what it asks for, or what is wrong with it. */
const BatchItem = z.union([
  NewEmail.transform((email) => ({ email })),
  z.unknown().transform((value) => {
    const { error } = NewEmail.safeParse(value);
    return { problems: error ? problemsOf(error) : [] };
  }),
]);

const BatchResult = z
  .object({
    email: EmailView.nullable(),
    error: z
      .object({
        code: z.enum(ERROR_CODES),
        message: z.string(),
        errors: z.array(z.object({ path: z.string(), message: z.string() })),
      })
      .nullable(),
  })
  .meta({ id: 'BatchResult', description: 'Either of both' });

export const SendEmails = operation({
  summary: 'Send up to a hundred messages',
  description:
    'Each is judged by itself, as if it were sent alone: `emails` has an answer for each, in their order, with either `email` or `error`.',
  body: z.strictObject({ emails: z.array(BatchItem).min(1, 'must not be empty').max(100) }),
  bodyLimit: '12mb',
  idempotent: true,
  status: 202,
  answer: { emails: z.array(BatchResult) },
});

export const ListEmails = operation({
  summary: 'The messages that were sent one by one, newest first',
  query: PageQuery.extend({
    stream: z.enum(EMAIL_STREAMS).optional(),
    email: Email.optional().meta({ description: 'To this address' }),
    tag: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}:.{1,256}$/, 'must be name:value')
      .optional()
      .meta({ description: 'With this tag, as `name:value`', example: 'order:4711' }),
  }),
  answer: { emails: z.array(EmailView), pagination: Pagination },
});

export const GetEmail = operation({
  summary: 'A message, what is in it, and what became of it',
  params: ById,
  answer: { email: EmailDetail },
});

export const CancelEmail = operation({
  summary: 'Keep a message from being sent',
  description: 'To all of its recipients that it was not sent to yet. 409 `invalid_transition` where there are none.',
  params: ById,
  idempotent: true,
  answer: { email: EmailView },
});

export const RetryEmail = operation({
  summary: 'Send a message again to those whom it failed to reach, or of whom nobody knows',
  description:
    'Only to them, and to unconfirmed ones, who may have got it, only 15 minutes after their attempt. It is tried for another day. 409 `invalid_transition` where there are none, or the content is not kept any more.',
  params: ById,
  idempotent: true,
  status: 202,
  answer: { email: EmailView },
});

/** A message and what becomes of it for each of its addresses. */
interface Shown {
  message: Message;
  deliveries: readonly Delivery[];
}

type Box = { email: string; name?: string | null | undefined };
const presentBox = ({ email, name }: Box): z.output<typeof Mailbox> => ({ email, name: name ?? null });

/** What is still to be sent first, then what needs a person, then what went well. */
const WORST_FIRST = [
  'sending',
  'pending',
  'unconfirmed',
  'complained',
  'bounced',
  'failed',
  'suppressed',
  'cancelled',
  'sent',
  'delivered',
] as const satisfies readonly Delivery['status'][];

/** A message and its deliveries for its reader. */
export function presentEmail({ message, deliveries }: Shown): z.output<typeof EmailView> {
  const { from, replyTo, to, cc, bcc, subject, template, tags, scheduledFor, expiresAt, createdAt } = message;
  return {
    id: message._id.toHexString(),
    status: WORST_FIRST.find((one) => deliveries.some(({ status }) => status === one)) ?? 'pending',
    stream: message.stream === 'broadcast' ? 'broadcast' : 'transactional',
    isTest: message.isTest,
    from: presentBox(from),
    replyTo: replyTo ? presentBox(replyTo) : null,
    to: to.map(presentBox),
    cc: cc.map(presentBox),
    bcc: bcc.map(presentBox),
    subject: withNamedWayOut(subject),
    template: template?.toHexString() ?? null,
    tags: Object.fromEntries(tags.map(({ name, value }) => [name ?? '', value ?? ''])),
    scheduledFor: scheduledFor?.toISOString() ?? null,
    expiresAt: expiresAt.toISOString(),
    createdAt: createdAt.toISOString(),
    recipients: deliveries.map(presentOutcome),
  };
}

/** One of a batch for its reader. */
export function presentBatch(result: Shown | AppError): z.output<typeof BatchResult> {
  if (!(result instanceof AppError)) return { email: presentEmail(result), error: null };
  const { code, message, details } = result;
  return { email: null, error: { code, message, errors: details.errors ?? [] } };
}

/** The same with what is in it, as far as that is kept, and its events. */
export function presentEmailDetail(
  shown: Shown,
  { content, events }: { content: MessageContent | null; events: readonly Event[] },
): z.output<typeof EmailDetail> {
  return {
    ...presentEmail(shown),
    content: content ? presentContent(content) : null,
    events: events.map(presentEvent),
  };
}

function presentContent({ frozen, letter, files }: MessageContent) {
  return {
    html: frozen.html == null ? null : withNamedWayOut(frozen.html),
    text: withNamedWayOut(frozen.text),
    headers: Object.fromEntries((letter?.headers ?? []).map(({ name, value }) => [name ?? '', value ?? ''])),
    attachments: (files ?? []).map(({ filename, contentType, size }) => ({ filename, contentType, size })),
  };
}
