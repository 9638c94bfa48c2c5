import { z } from 'zod';

/** What SES says became of a message. `tags` are the hub's own, where the message carried them. */
export type SesEvent = {
  messageId: string;
  /** When SES took the message, and when this happened. */
  sentAt: Date;
  at: Date;
  tags: { delivery?: string | undefined; attempt?: number | undefined };
  /** The addresses that it is about. */
  recipients: string[];
} & (
  | { kind: 'send' }
  | { kind: 'delivery' }
  | { kind: 'bounce'; isPermanent: boolean; type: string; subType: string; diagnostic: string }
  | { kind: 'complaint'; isNotSpam: boolean; subType: string }
  | { kind: 'reject'; reason: string }
  /** SES cannot deliver it yet, and goes on trying. */
  | { kind: 'delay'; subType: string }
  /** By SES's own tracking, where a business has it on. */
  | { kind: 'open'; ip: string; userAgent: string }
  | { kind: 'click'; ip: string; userAgent: string; link: string }
);

export type SesEventKind = SesEvent['kind'];

/** What a receiver or a browser said may be of any length. */
const text = z
  .string()
  .transform((said) => said.slice(0, 2_000))
  .catch('');
const timestamp = z.iso.datetime({ offset: true }).optional().catch(undefined);
const recipient = z.object({ emailAddress: z.string(), diagnosticCode: text.optional() });

const Payload = z.object({
  eventType: z.string().optional(),
  notificationType: z.string().optional(),
  mail: z.object({
    messageId: z.string().min(1).max(200),
    timestamp,
    destination: z.array(z.string()).max(100).catch([]),
    tags: z.record(z.string(), z.array(z.string())).optional().catch(undefined),
  }),
  bounce: z
    .object({ bounceType: text, bounceSubType: text, bouncedRecipients: z.array(recipient).max(100), timestamp })
    .optional(),
  complaint: z
    .object({
      complaintSubType: text.nullish(),
      complaintFeedbackType: text.nullish(),
      complainedRecipients: z.array(recipient).max(100),
      timestamp,
    })
    .optional(),
  delivery: z.object({ timestamp }).optional(),
  reject: z.object({ reason: text }).optional(),
  failure: z.object({ errorMessage: text }).optional(),
  deliveryDelay: z.object({ delayType: text, timestamp }).optional(),
  open: z.object({ ipAddress: text, userAgent: text, timestamp }).optional(),
  click: z.object({ ipAddress: text, userAgent: text, link: text, timestamp }).optional(),
});

/**
 * Reads an event or notification of SES (Amazon SES Developer Guide, "Contents of event data that Amazon SES publishes to
 * Amazon SNS"). Pure.
 * @returns undefined for what it is not, and for kinds that say nothing of a message's way.
 */
export function parseSesEvent(payload: unknown): SesEvent | undefined {
  const parsed = Payload.safeParse(payload);
  if (!parsed.success) return undefined;
  const { eventType, notificationType, mail, bounce, complaint, delivery, reject, failure } = parsed.data;
  const { deliveryDelay, open, click } = parsed.data;
  const attempt = Number(mail.tags?.pmh_attempt?.[0]);
  const sentAt = new Date(mail.timestamp ?? Date.now());
  const common = {
    messageId: mail.messageId,
    sentAt,
    tags: { delivery: mail.tags?.pmh_delivery?.[0], attempt: Number.isInteger(attempt) ? attempt : undefined },
    recipients: mail.destination,
  };
  const at = (happened?: string) => (happened ? new Date(happened) : sentAt);
  switch (eventType ?? notificationType) {
    case 'Send':
      return { ...common, kind: 'send', at: at() };
    case 'Delivery':
      return { ...common, kind: 'delivery', at: at(delivery?.timestamp) };
    case 'Reject':
      return { ...common, kind: 'reject', at: at(), reason: reject?.reason ?? '' };
    // Of a template at SES, which the hub has none of; somebody else's message in the same account may.
    case 'Rendering Failure':
      return { ...common, kind: 'reject', at: at(), reason: failure?.errorMessage ?? '' };
    case 'DeliveryDelay':
      return { ...common, kind: 'delay', at: at(deliveryDelay?.timestamp), subType: deliveryDelay?.delayType ?? '' };
    case 'Open': {
      if (!open) return undefined;
      return { ...common, kind: 'open', at: at(open.timestamp), ip: open.ipAddress, userAgent: open.userAgent };
    }
    case 'Click': {
      if (!click) return undefined;
      const { ipAddress: ip, userAgent, link } = click;
      return { ...common, kind: 'click', at: at(click.timestamp), ip, userAgent, link };
    }
    case 'Bounce': {
      if (!bounce) return undefined;
      const { bounceType, bounceSubType, bouncedRecipients, timestamp: happened } = bounce;
      return {
        ...common,
        kind: 'bounce',
        at: at(happened),
        recipients: bouncedRecipients.map(({ emailAddress }) => emailAddress),
        isPermanent: bounceType === 'Permanent',
        type: bounceType,
        subType: bounceSubType,
        diagnostic: bouncedRecipients[0]?.diagnosticCode ?? '',
      };
    }
    case 'Complaint': {
      if (!complaint) return undefined;
      const { complaintSubType, complaintFeedbackType, complainedRecipients, timestamp: happened } = complaint;
      return {
        ...common,
        kind: 'complaint',
        at: at(happened),
        recipients: complainedRecipients.map(({ emailAddress }) => emailAddress),
        isNotSpam: complaintFeedbackType === 'not-spam',
        subType: complaintSubType ?? '',
      };
    }
    default:
      return undefined;
  }
}
