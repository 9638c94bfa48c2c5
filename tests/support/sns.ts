import { createHash, randomBytes, randomUUID, sign } from 'node:crypto';
import { inject } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { seal } from '../../src/secrets.js';
import { stringToSign } from '../../src/ses/sns.js';
import type { Registered } from './factories.js';
import { api } from './hub.js';

/** A message of SNS as it stands in a body. */
export type Message = Record<string, string>;

/** A business's inbound URL and the topic that is believed there. */
export interface Inbox {
  path: string;
  topicArn: string;
}

/** Gives the business an inbound URL, as the set-up of its events does. */
export async function inboxOf({ businessId }: Registered): Promise<Inbox> {
  const token = randomBytes(32).toString('base64url');
  const topicArn = `arn:aws:sns:eu-west-1:123456789012:hub-${businessId}`;
  await BusinessModel.updateOne(
    { _id: businessId },
    {
      eventWiring: {
        tokenHash: createHash('sha256').update(token).digest('hex'),
        token: seal(token, `${businessId}:inbound`),
        topicArn,
      },
    },
  );
  return { path: `/api/inbound/ses/${token}`, topicArn };
}

/** What SNS sends for an event, not signed yet. */
export function notification(topicArn: string, event: object | string): Message {
  return {
    Type: 'Notification',
    MessageId: randomUUID(),
    TopicArn: topicArn,
    Message: typeof event === 'string' ? event : JSON.stringify(event),
    Timestamp: new Date().toISOString(),
    SignatureVersion: '2',
    SigningCertURL: inject('sns').certificateUrl,
  };
}

/** What SNS sends first to a new subscription. */
export function confirmation(topicArn: string, subscribeUrl?: string): Message {
  const query = new URLSearchParams({ Action: 'ConfirmSubscription', TopicArn: topicArn, Token: 'token' });
  const { Message: _, ...common } = notification(topicArn, '');
  return {
    ...common,
    Type: 'SubscriptionConfirmation',
    Message: 'You have chosen to subscribe to the topic.',
    Token: 'token',
    SubscribeURL: subscribeUrl ?? `${inject('sns').url}/?${query}`,
  };
}

/** Signed as SNS does by its version. */
export function signed(message: Message): Message {
  const algorithm = message.SignatureVersion === '1' ? 'RSA-SHA1' : 'RSA-SHA256';
  const text = stringToSign(message as never);
  const signature = sign(algorithm, Buffer.from(text), inject('sns').privateKey);
  return { ...message, Signature: signature.toString('base64') };
}

/** Posts it as SNS does. */
export function post(path: string, body: object | string) {
  return api()
    .post(path)
    .set('Content-Type', 'text/plain; charset=UTF-8')
    .send(typeof body === 'string' ? body : JSON.stringify(body));
}

/** Tells a business's inbound URL of an event, as SNS does. @throws Error with the answer unless it is a 200. */
export async function tell({ path, topicArn }: Inbox, event: object | string): Promise<void> {
  const answer = await post(path, signed(notification(topicArn, event)));
  if (answer.status !== 200) throw new Error(`inbound: ${answer.status} ${answer.text}`);
}
