import type { Types } from 'mongoose';
import { Webhook } from 'standardwebhooks';
import type { Event } from '../models/event.js';
import { TEST_TYPE } from '../models/webhook-endpoint.js';

/** What an endpoint is posted. */
export interface Message {
  /** The event's id: the same at each try, redelivery and replay. */
  id: Types.ObjectId;
  type: string;
  body: string;
}

/** Fields that later kinds of mail bring along. */
type Told = Event & { message?: Types.ObjectId; isTest?: boolean };

/** An event as its receivers read it. The ids win over what the type tells. */
export function messageOf(event: Event): Message {
  const { _id, business, type, at, campaign, delivery, email, data, message, isTest } = event as Told;
  return {
    id: _id,
    type,
    body: bodyOf(type, at, {
      ...data,
      eventId: _id,
      businessId: business,
      ...(campaign ? { campaignId: campaign } : {}),
      ...(message ? { emailId: message } : {}),
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
