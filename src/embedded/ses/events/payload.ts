import { randomUUID } from 'node:crypto';
import { splitAddressList } from '../addresses.js';
import { type Header, headerOf } from '../mime-head.js';
import { parseTags } from '../record.js';
import type { Outcome } from './simulator.js';

/** SES leaves out the headers beyond this. */
const MAX_HEADER_BYTES = 10 * 1024;

/** What events say of the message that they are about. */
export interface SentMessage {
  messageId: string;
  /** When SES took it, in milliseconds since 1970. */
  at: number;
  accountId: string;
  region: string;
  /** The bare address. */
  sender: string;
  recipients: readonly string[];
  /** `name=value, name=value` */
  tags: string;
  /** What SES puts among the tags itself, e.g. `ses:configuration-set`. */
  ownTags: Readonly<Record<string, string>>;
  headers: readonly Header[];
}

/** An event as SES publishes it (SES Developer Guide, "Contents of event data that Amazon SES publishes to Amazon SNS"). */
export type EventPayload = Record<string, unknown>;

/** The event that SES took a message. */
export function sendEvent(message: SentMessage): EventPayload {
  return { eventType: 'Send', mail: mailObject(message), send: {} };
}

/** The event of what became of a message to one of its recipients, at a time in milliseconds since 1970. */
export function outcomeEvent(message: SentMessage, recipient: string, outcome: Outcome, at: number): EventPayload {
  const timestamp = new Date(at).toISOString();
  const mail = mailObject(message);
  switch (outcome.kind) {
    case 'delivery':
      return {
        eventType: 'Delivery',
        mail,
        delivery: {
          timestamp,
          processingTimeMillis: Math.round(at - message.at),
          recipients: [recipient],
          smtpResponse: '250 2.6.0 Message received',
          reportingMTA: `a8-50.smtp-out.${message.region}.amazonses.com`,
        },
      };
    case 'bounce': {
      const { bounceType, bounceSubType, diagnostic } = outcome;
      const status = diagnostic && { action: 'failed', status: '5.1.1', diagnosticCode: diagnostic };
      return {
        eventType: 'Bounce',
        bounce: {
          feedbackId: feedbackId(at),
          bounceType,
          bounceSubType,
          bouncedRecipients: [{ emailAddress: recipient, ...(status || {}) }],
          timestamp,
          ...(diagnostic && { reportingMTA: 'dns; amazonses.com' }),
        },
        mail,
      };
    }
    case 'complaint':
      return {
        eventType: 'Complaint',
        complaint: {
          feedbackId: feedbackId(at),
          complaintSubType: outcome.complaintSubType,
          complainedRecipients: [{ emailAddress: recipient }],
          timestamp,
          ...(outcome.complaintSubType === null && {
            userAgent: 'Amazon SES Mailbox Simulator',
            complaintFeedbackType: 'abuse',
            arrivalDate: timestamp,
          }),
        },
        mail,
      };
  }
}

/** The `mail` object of an event. */
export function mailObject(message: SentMessage): EventPayload {
  const { messageId, at, accountId, region, sender, recipients, tags, ownTags, headers } = message;
  const domain = sender.slice(sender.lastIndexOf('@') + 1);
  const kept = withinLimit(headers);
  const addresses = (name: string) => splitAddressList(headerOf(headers, name) ?? '');
  const allTags = { ...ownTags, 'ses:from-domain': domain, ...parseTags(tags) };
  return {
    timestamp: new Date(at).toISOString(),
    source: headerOf(headers, 'from') || sender,
    sourceArn: `arn:aws:ses:${region}:${accountId}:identity/${domain}`,
    sendingAccountId: accountId,
    messageId,
    destination: recipients,
    headersTruncated: kept.length < headers.length,
    headers: kept,
    commonHeaders: {
      from: addresses('from'),
      to: addresses('to'),
      messageId,
      subject: headerOf(headers, 'subject') ?? '',
    },
    tags: Object.fromEntries(Object.entries(allTags).map(([name, value]) => [name, [value]])),
  };
}

function withinLimit(headers: readonly Header[]): Header[] {
  let bytes = 0;
  return headers.filter(({ name, value }) => {
    bytes += name.length + value.length;
    return bytes <= MAX_HEADER_BYTES;
  });
}

/** Looks like SES's own. */
function feedbackId(at: number): string {
  return `0100${Math.floor(at).toString(16).padStart(12, '0')}-${randomUUID()}-000000`;
}
