import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { ControlHandler } from './control-routes.js';
import { NOTICE_TYPES, type Notice, serialize, unsubscribeUrl } from './sns/envelope.js';
import type { SesState } from './state.js';

/** A message for a topic: an object goes out as JSON, a text as it is. */
const Message = z.union([z.string(), z.record(z.string(), z.unknown()).transform((event) => JSON.stringify(event))]);

/** What is published to a topic, whatever it says. */
export const PublishRequest = z.strictObject({
  topicArn: z.string(),
  message: Message,
  subject: z.string().optional(),
  /** The id of the notification: a new one when left out. */
  messageId: z.string().optional(),
  /** How often the same notification is sent. */
  copies: z.number().int().min(1).max(100).default(1),
});
export type PublishRequest = z.input<typeof PublishRequest>;

/** What is signed with the key of this SNS, and sent to nobody. The topic need not exist. */
export const SignRequest = z.strictObject({
  type: z.enum(NOTICE_TYPES).default('Notification'),
  topicArn: z.string(),
  message: Message,
  subject: z.string().optional(),
  messageId: z.string().optional(),
  timestamp: z.iso.datetime().optional(),
  /** Of the two confirmations. */
  token: z.string().optional(),
  /** The topic's when left out. */
  signatureVersion: z.enum(['1', '2']).optional(),
});
export type SignRequest = z.input<typeof SignRequest>;

/** The `mail` object of an event, without the message's headers. */
export interface MailView {
  timestamp: string;
  messageId: string;
  sendingAccountId: string;
  destination: string[];
  tags: Record<string, string[]>;
}

/** The part of the control API about events and notifications. */
export const EVENT_ROUTES: Readonly<Record<string, ControlHandler>> = {
  'POST /_local/sns/publish': ({ state, body }) => {
    const { topicArn, copies, messageId = randomUUID(), ...publication } = PublishRequest.parse(body);
    const topic = state.sns.topics.find(topicArn);
    if (!topic) return undefined;
    for (let copy = 0; copy < copies; copy++) state.sns.publish(topic, { ...publication, messageId });
    return { messageId };
  },
  'POST /_local/sns/sign': async ({ state, body }) => {
    const { messageId = randomUUID(), timestamp, signatureVersion, ...rest } = SignRequest.parse(body);
    const notice: Notice = { ...rest, messageId, timestamp: timestamp ?? new Date(state.now()).toISOString() };
    const link =
      notice.type === 'Notification' ? unsubscribeUrl(state.sns.endpoint, `${notice.topicArn}:signed`) : undefined;
    return { body: serialize(await state.sns.seal(notice, signatureVersion), link) };
  },
  'GET /_local/sns/deliveries': ({ state, query }) => {
    const { results } = state.sns.deliveries;
    return { ...results.totals(query.topicArn), last: results.last(query.topicArn) };
  },
  'GET /_local/events': ({ state }) => state.events.totals(),
  'GET /_local/events/mail': ({ state, query }) => mailOf(state, query.messageId ?? ''),
};

/** What every event says of an accepted message; undefined when there is none of this id. */
function mailOf({ accounts, record }: SesState, messageId: string): MailView | undefined {
  const rows = [...record.rows({ messageId })];
  const [first] = rows;
  return (
    first && {
      timestamp: new Date(first.at).toISOString(),
      messageId,
      sendingAccountId: accounts.of(first.accessKeyId).accountId,
      destination: rows.map(({ recipient }) => recipient),
      tags: Object.fromEntries(Object.entries(first.tags).map(([name, value]) => [name, [value]])),
    }
  );
}
