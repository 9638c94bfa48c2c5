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
  | { kind: 'bounce'; isPermanent: boolean; subType: string; diagnostic: string }
  | { kind: 'complaint'; isNotSpam: boolean; subType: string }
  | { kind: 'reject'; reason: string }
);

const text = z.string().max(2_000).catch('');
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
});

/**
 * Reads an event or notification of SES (Amazon SES Developer Guide, "Contents of event data that Amazon SES publishes to
 * Amazon SNS"). Pure.
 * @returns undefined for what it is not, and for kinds that move no delivery.
 */
export function parseSesEvent(payload: unknown): SesEvent | undefined {
  const parsed = Payload.safeParse(payload);
  if (!parsed.success) return undefined;
  const { eventType, notificationType, mail, bounce, complaint, delivery, reject } = parsed.data;
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
    case 'Bounce': {
      if (!bounce) return undefined;
      const { bounceType, bounceSubType, bouncedRecipients, timestamp: happened } = bounce;
      return {
        ...common,
        kind: 'bounce',
        at: at(happened),
        recipients: bouncedRecipients.map(({ emailAddress }) => emailAddress),
        isPermanent: bounceType === 'Permanent',
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
