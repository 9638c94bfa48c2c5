import type { SignatureVersion, Signer } from './signer.js';

export const NOTICE_TYPES = ['Notification', 'SubscriptionConfirmation', 'UnsubscribeConfirmation'] as const;
export type NoticeType = (typeof NOTICE_TYPES)[number];

/** What is to be signed and sent. */
export interface Notice {
  type: NoticeType;
  /** The same on every attempt. */
  messageId: string;
  topicArn: string;
  subject?: string | undefined;
  message: string;
  /** ISO 8601, UTC. */
  timestamp: string;
  /** Of the two confirmations. */
  token?: string | undefined;
}

/** The fields as SNS writes them, in its order. */
export type Envelope = Record<string, string>;

/** The fields that are signed, in the order in which they are (SNS Developer Guide, "Verifying the signatures"). */
const SIGNED_OF_NOTIFICATION = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'];
const SIGNED_OF_CONFIRMATION = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];

/** Signs a notice. The link to unsubscribe, which differs by subscription, is not part of what is signed. */
export async function seal(
  { type, messageId, topicArn, subject, message, timestamp, token }: Notice,
  { endpoint, signer, version }: { endpoint: string; signer: Signer; version: SignatureVersion },
): Promise<Envelope> {
  const fields: Envelope = {
    Type: type,
    MessageId: messageId,
    ...(token !== undefined && { Token: token }),
    TopicArn: topicArn,
    ...(subject !== undefined && { Subject: subject }),
    Message: message,
    ...(token !== undefined && { SubscribeURL: subscribeUrl(endpoint, topicArn, token) }),
    Timestamp: timestamp,
    SignatureVersion: version,
  };
  return {
    ...fields,
    Signature: await signer.sign(stringToSign(fields), version),
    SigningCertURL: endpoint + signer.certificatePath,
  };
}

/** The body of the POST. */
export function serialize(envelope: Envelope, unsubscribeUrl?: string): string {
  return JSON.stringify({ ...envelope, ...(unsubscribeUrl && { UnsubscribeURL: unsubscribeUrl }) }, null, 2);
}

/** Opened by anybody, it ends the subscription. */
export function unsubscribeUrl(endpoint: string, subscriptionArn: string): string {
  return `${endpoint}/?Action=Unsubscribe&SubscriptionArn=${subscriptionArn}`;
}

function subscribeUrl(endpoint: string, topicArn: string, token: string): string {
  return `${endpoint}/?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=${token}`;
}

function stringToSign(fields: Envelope): string {
  const names = fields.Type === 'Notification' ? SIGNED_OF_NOTIFICATION : SIGNED_OF_CONFIRMATION;
  return names.map((name) => (fields[name] === undefined ? '' : `${name}\n${fields[name]}\n`)).join('');
}
