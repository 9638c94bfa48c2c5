import { verify } from 'node:crypto';
import { z } from 'zod';
import { publicKeyAt } from './sns-certificates.js';

/**
 * All but the message itself is one line. The text that is signed has a line for each name and value: a value of two lines
 * could be another field, and one signature would be good for two messages.
 */
const line = (max: number) => z.string().max(max).regex(/^.*$/);
const text = (max: number) => line(max).min(1);

const common = {
  MessageId: text(200),
  TopicArn: text(300),
  // SNS carries at most 256 kB.
  Message: z.string().max(262_144),
  Timestamp: text(100),
  // What has none of these is a message, though not one that anybody signed.
  SignatureVersion: z.string().max(10).default(''),
  Signature: z.string().max(2_000).default(''),
  SigningCertURL: z.string().max(1_000).default(''),
};
const confirmation = { Token: text(2_000), SubscribeURL: text(4_000) };

const Message = z.discriminatedUnion('Type', [
  z.object({ Type: z.literal('Notification'), ...common, Subject: line(1_000).nullish() }),
  z.object({ Type: z.literal('SubscriptionConfirmation'), ...common, ...confirmation }),
  z.object({ Type: z.literal('UnsubscribeConfirmation'), ...common, ...confirmation }),
]);

/** A message of Amazon SNS to an HTTP endpoint. Nothing of it is to be believed before `isSignedByAmazon` says so. */
export type SnsMessage = z.output<typeof Message>;

/** By `SignatureVersion`. */
const ALGORITHMS = new Map([
  ['1', 'RSA-SHA1'],
  ['2', 'RSA-SHA256'],
]);

/** Reads a message (Amazon SNS Developer Guide, "Parsing Amazon SNS message formats"); undefined for anything else. */
export function parseSnsMessage(body: unknown): SnsMessage | undefined {
  const parsed = Message.safeParse(body);
  return parsed.success ? parsed.data : undefined;
}

/**
 * Whether Amazon signed the message, by the certificate that it names, which must lie at Amazon in the topic's region
 * (Amazon SNS Developer Guide, "Verifying the signatures of Amazon SNS messages").
 * @throws CertificateUnavailable when the certificate cannot be had at this moment.
 */
export async function isSignedByAmazon(message: SnsMessage): Promise<boolean> {
  const algorithm = ALGORITHMS.get(message.SignatureVersion);
  if (!algorithm) return false;
  const key = await publicKeyAt(message.SigningCertURL, regionOf(message.TopicArn));
  if (!key) return false;
  return verify(algorithm, Buffer.from(stringToSign(message)), key, Buffer.from(message.Signature, 'base64'));
}

/** The region of an ARN, `arn:aws:sns:eu-west-1:123456789012:topic`; empty for what is none. */
export function regionOf(arn: string): string {
  return arn.split(':')[3] ?? '';
}

/** What the signature is over: these fields in this order, each as `name\nvalue\n`. */
export function stringToSign(message: SnsMessage): string {
  const fields =
    message.Type === 'Notification'
      ? ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
      : ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];
  const values = message as unknown as Record<string, string | null | undefined>;
  return fields
    .filter((name) => values[name] !== undefined && values[name] !== null)
    .map((name) => `${name}\n${values[name]}\n`)
    .join('');
}
