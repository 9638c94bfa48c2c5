import type { Types } from 'mongoose';
import { Webhook } from 'standardwebhooks';
import type { Event } from '../models/event.js';
import { MessageModel } from '../models/message.js';
import { TEST_TYPE } from '../models/webhook-endpoint.js';

/** What an endpoint is posted. */
export interface Message {
  /** The event's id: the same at each try, redelivery and replay. */
  id: Types.ObjectId;
  type: string;
  body: string;
}

/** The tags of single messages, by the messages' ids. */
export type Tags = ReadonlyMap<string, Record<string, string>>;

/** The tags of the single messages that these events are about. */
export async function tagsOf(events: readonly Event[]): Promise<Tags> {
  const ids = events.flatMap(({ message }) => (message ? [message] : []));
  if (ids.length === 0) return new Map();
  const messages = await MessageModel.find({ _id: { $in: ids }, 'tags.0': { $exists: true } }, { tags: 1 }).lean();
  return new Map(
    messages.map(({ _id, tags }) => [
      _id.toHexString(),
      Object.fromEntries(tags.map(({ name, value }) => [name ?? '', value ?? ''])),
    ]),
  );
}

/** An event as its receivers read it. The ids win over what the type tells. */
export function messageOf(event: Event, tagsByMessage: Tags = new Map()): Message {
  const { _id, business, type, at, campaign, delivery, email, data, message, isTest } = event;
  const tags = message && tagsByMessage.get(message.toHexString());
  return {
    id: _id,
    type,
    body: bodyOf(type, at, {
      ...data,
      eventId: _id,
      businessId: business,
      ...(campaign ? { campaignId: campaign } : {}),
      ...(message ? { emailId: message } : {}),
      ...(tags ? { tags } : {}),
      ...(delivery ? { deliveryId: delivery } : {}),
      ...(email ? { email } : {}),
      ...(isTest ? { isTest } : {}),
    }),
  };
}

/** An event that happened to nobody. */
export function testMessage(id: Types.ObjectId, business: Types.ObjectId, at: Date): Message {
  return { id, type: TEST_TYPE, body: bodyOf(TEST_TYPE, at, { eventId: id, businessId: business }) };
}

/** Standard Webhooks, "Payload structure". Of the same event always the same bytes. */
const bodyOf = (type: string, at: Date, data: object) => JSON.stringify({ type, timestamp: at.toISOString(), data });

/**
 * The headers of an attempt (Standard Webhooks, "Webhook Headers"): one signature for each secret that signs, the present
 * one's first.
 */
export function headersOf({ id, body }: Message, secrets: readonly string[], at: Date): Record<string, string> {
  const messageId = id.toHexString();
  return {
    'content-type': 'application/json',
    'user-agent': 'Power-MTA-Hub (webhooks)',
    'webhook-id': messageId,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(messageId, at, body)).join(' '),
  };
}
