import { createHash, randomBytes, randomUUID, sign } from 'node:crypto';
import { Types } from 'mongoose';
import { BusinessModel } from '../../src/models/business.js';
import { stringToSign } from '../../src/ses/sns.js';
import type { Sns } from '../../tests/support/sns-server.js';

/** A business's inbound URL and the topic that is believed there. */
export interface Inbox {
  path: string;
  topicArn: string;
}

/** Gives the business an inbound URL, as the set-up of its events does. */
export async function openInbox(businessId: string): Promise<Inbox> {
  const token = randomBytes(32).toString('base64url');
  const topicArn = 'arn:aws:sns:eu-west-1:123456789012:bench';
  const tokenHash = createHash('sha256').update(token).digest('hex');
  // Nobody asks to see this URL again, so what would be sealed is not there.
  await BusinessModel.collection.updateOne(
    { _id: new Types.ObjectId(businessId) },
    { $set: { eventWiring: { tokenHash, topicArn } } },
  );
  return { path: `/api/inbound/ses/${token}`, topicArn };
}

/** SES's event of this kind about a delivery, as SNS posts it: signed, version 2. */
export function signedEvent(sns: Sns, topicArn: string, eventType: 'Send' | 'Delivery', delivery: Types.ObjectId) {
  const at = new Date().toISOString();
  const event = {
    eventType,
    mail: {
      timestamp: at,
      messageId: `bench-${delivery.toHexString()}`,
      destination: ['somebody@bench.example'],
      tags: { pmh_delivery: [delivery.toHexString()], pmh_attempt: ['1'] },
    },
    ...(eventType === 'Send' ? { send: {} } : { delivery: { timestamp: at, smtpResponse: '250 ok' } }),
  };
  const message = {
    Type: 'Notification' as const,
    MessageId: randomUUID(),
    TopicArn: topicArn,
    Message: JSON.stringify(event),
    Timestamp: at,
    SignatureVersion: '2',
    Signature: '',
    SigningCertURL: sns.certificateUrl,
  };
  const signature = sign('RSA-SHA256', Buffer.from(stringToSign(message)), sns.privateKey);
  return JSON.stringify({ ...message, Signature: signature.toString('base64') });
}
