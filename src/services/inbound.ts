import { LRUCache } from 'lru-cache';
import type { Types } from 'mongoose';
import { forbidden, malformed, unavailable } from '../errors.js';
import { logger } from '../logger.js';
import { type Business, BusinessModel } from '../models/business.js';
import { NotificationModel } from '../models/notification.js';
import { isDuplicateKey, JOURNALED } from '../mongo.js';
import { hashOf } from '../random-token.js';
import { isSignedByAmazon, parseSnsMessage, type SnsMessage } from '../ses/sns.js';
import { CertificateUnavailable } from '../ses/sns-certificates.js';
import { confirmSubscription, NotSns } from '../ses/sns-confirm.js';

interface Inbox {
  businessId: Types.ObjectId;
  tokenHash: string;
  /** False for the token before the last rotation, whose subscription is not the business's any more. */
  isPresent: boolean;
  topicArn: string | undefined;
}

/** By the token's hash; also that there is no such token. A new token, or a new topic, is known within a second. */
const inboxes = new LRUCache<string, { inbox: Inbox | undefined }>({ max: 5_000, ttl: 1_000 });

/**
 * Takes what SNS posts to a business's inbound URL. A notification is safe in MongoDB when this resolves; a worker applies
 * it. One that comes again changes nothing.
 * @throws AppError `malformed` for what is no SNS message; `forbidden` for a token that nobody has, another topic than the
 * business's, or a message that Amazon did not sign; `unavailable` for what may be sent again.
 */
export async function receive(token: string, body: unknown): Promise<void> {
  const tokenHash = hashOf(token);
  const known = await inboxOf(tokenHash);
  if (!known) throw forbidden('There is no such inbound URL');
  const message = parseSnsMessage(body);
  if (!message) throw malformed('The body must be a message of Amazon SNS; raw message delivery is not supported');
  // Of a topic that was stored a moment ago comes the confirmation, and SNS does not send again what is refused.
  const inbox = known.topicArn === message.TopicArn ? known : await lookUp(tokenHash);
  if (!inbox?.topicArn || message.TopicArn !== inbox.topicArn) throw refusal(known, 'another topic');
  if (!(await isSigned(message))) throw refusal(inbox, 'not signed by Amazon');
  switch (message.Type) {
    case 'Notification':
      return keep(inbox, message);
    case 'SubscriptionConfirmation':
      return confirm(inbox, message);
    case 'UnsubscribeConfirmation':
      logger().warn({ businessId: inbox.businessId }, 'the subscription of the inbound URL was ended at SNS');
      await end(inbox, message);
  }
}

async function inboxOf(tokenHash: string): Promise<Inbox | undefined> {
  const known = inboxes.get(tokenHash);
  return known ? known.inbox : lookUp(tokenHash);
}

async function lookUp(tokenHash: string): Promise<Inbox | undefined> {
  const isPrevious = { 'eventWiring.previous.tokenHash': tokenHash, 'eventWiring.previous.until': { $gt: new Date() } };
  const business = await BusinessModel.findOne(
    { $or: [{ 'eventWiring.tokenHash': tokenHash }, isPrevious] },
    { 'eventWiring.topicArn': 1, 'eventWiring.tokenHash': 1 },
  ).lean<Pick<Business, '_id' | 'eventWiring'>>();
  const inbox = business
    ? {
        businessId: business._id,
        tokenHash,
        isPresent: business.eventWiring?.tokenHash === tokenHash,
        topicArn: business.eventWiring?.topicArn ?? undefined,
      }
    : undefined;
  inboxes.set(tokenHash, { inbox });
  return inbox;
}

async function isSigned(message: SnsMessage): Promise<boolean> {
  try {
    return await isSignedByAmazon(message);
  } catch (error) {
    if (error instanceof CertificateUnavailable) throw unavailable(`${error.message}; send it again`, error.cause);
    throw error;
  }
}

/** Of what was refused nothing is logged but why. */
function refusal({ businessId }: Inbox, reason: string) {
  logger().warn({ businessId, reason }, 'a message to an inbound URL was refused');
  return forbidden('This is no message of the topic that this URL belongs to');
}

async function keep({ businessId }: Inbox, { MessageId, Message }: SnsMessage): Promise<void> {
  const now = new Date();
  const notification = {
    business: businessId,
    messageId: MessageId,
    event: Message,
    receivedAt: now,
    dueAt: now,
    tries: 0,
  };
  try {
    await NotificationModel.collection.insertOne(notification, { writeConcern: JOURNALED });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
}

async function confirm(
  inbox: Inbox,
  message: Extract<SnsMessage, { Type: 'SubscriptionConfirmation' }>,
): Promise<void> {
  if (!inbox.isPresent) throw refusal(inbox, 'a subscription of the URL before this one');
  try {
    const subscriptionArn = await confirmSubscription(message);
    await change(inbox, {
      $set: {
        'eventWiring.confirmedAt': new Date(),
        ...(subscriptionArn ? { 'eventWiring.subscriptionArn': subscriptionArn } : {}),
      },
    });
    logger().info({ businessId: inbox.businessId }, 'the subscription of the inbound URL is confirmed');
  } catch (error) {
    if (error instanceof NotSns) throw refusal(inbox, 'a SubscribeURL that is not SNS’s');
    throw unavailable('The subscription could not be confirmed; send it again', error);
  }
}

/** Told again after the subscription was confirmed anew, it is not its end. */
async function end(inbox: Inbox, { Timestamp }: SnsMessage): Promise<void> {
  await change(
    inbox,
    { $unset: { 'eventWiring.confirmedAt': 1, 'eventWiring.subscriptionArn': 1 } },
    { 'eventWiring.confirmedAt': { $lte: new Date(Timestamp) } },
  );
}

/** Changes the wiring while it is the one that the message is about. */
async function change({ businessId, tokenHash, topicArn }: Inbox, update: object, where: object = {}): Promise<void> {
  await BusinessModel.updateOne(
    { ...where, _id: businessId, 'eventWiring.tokenHash': tokenHash, 'eventWiring.topicArn': topicArn },
    update,
    { writeConcern: JOURNALED },
  );
}
