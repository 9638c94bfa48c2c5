import { LRUCache } from 'lru-cache';
import type { Types } from 'mongoose';
import { forbidden, malformed, unavailable } from '../errors.js';
import { logger } from '../logger.js';
import { type Business, BusinessModel } from '../models/business.js';
import { NotificationModel } from '../models/notification.js';
import { isDuplicateKey, JOURNALED } from '../mongo.js';
import { hashOf } from '../ses/inbound-token.js';
import { isSignedByAmazon, parseSnsMessage, type SnsMessage } from '../ses/sns.js';
import { CertificateUnavailable } from '../ses/sns-certificates.js';
import { confirmSubscription, NotSns } from '../ses/sns-confirm.js';

interface Inbox {
  businessId: Types.ObjectId;
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
  const inbox = await inboxOf(hashOf(token));
  if (!inbox) throw forbidden('There is no such inbound URL');
  const message = parseSnsMessage(body);
  if (!message) throw malformed('The body must be a message of Amazon SNS; raw message delivery is not supported');
  if (!inbox.topicArn || message.TopicArn !== inbox.topicArn) throw refusal(inbox, 'another topic');
  if (!(await isSigned(message))) throw refusal(inbox, 'not signed by Amazon');
  switch (message.Type) {
    case 'Notification':
      return keep(inbox, message);
    case 'SubscriptionConfirmation':
      return confirm(inbox, message);
    case 'UnsubscribeConfirmation':
      logger().warn({ businessId: inbox.businessId }, 'the subscription of the inbound URL was ended at SNS');
      await change(inbox, { $unset: { 'eventWiring.confirmedAt': 1, 'eventWiring.subscriptionArn': 1 } });
  }
}

async function inboxOf(tokenHash: string): Promise<Inbox | undefined> {
  const known = inboxes.get(tokenHash);
  if (known) return known.inbox;
  const isPrevious = { 'eventWiring.previous.tokenHash': tokenHash, 'eventWiring.previous.until': { $gt: new Date() } };
  const business = await BusinessModel.findOne(
    { $or: [{ 'eventWiring.tokenHash': tokenHash }, isPrevious] },
    { 'eventWiring.topicArn': 1 },
  ).lean<Pick<Business, '_id' | 'eventWiring'>>();
  const inbox = business
    ? { businessId: business._id, topicArn: business.eventWiring?.topicArn ?? undefined }
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

async function change({ businessId, topicArn }: Inbox, update: object): Promise<void> {
  await BusinessModel.updateOne({ _id: businessId, 'eventWiring.topicArn': topicArn }, update, {
    writeConcern: JOURNALED,
  });
}
