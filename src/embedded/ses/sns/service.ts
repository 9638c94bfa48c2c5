import { randomUUID } from 'node:crypto';
import type { Accounts } from '../accounts.js';
import { Deliveries } from './deliveries.js';
import { type Envelope, type Notice, seal, serialize, unsubscribeUrl } from './envelope.js';
import { type SignatureVersion, Signer } from './signer.js';
import { type Subscription, type SubscriptionRequest, type Topic, Topics } from './topics.js';

/** What is published. */
export interface Publication {
  message: string;
  subject?: string | undefined;
  /** A new one when left out: with an old one, subscribers take it for a copy. */
  messageId?: string | undefined;
}

/** The local SNS: topics, subscriptions, and signed notifications over HTTP. */
export class Sns {
  readonly topics = new Topics();
  readonly signer = new Signer();
  readonly deliveries: Deliveries;
  /** Where this server is reached: the start of every link in a notification. Set when it listens. */
  endpoint = '';

  constructor(
    accounts: Accounts,
    private readonly now: () => number,
    maxHeld: number,
  ) {
    this.deliveries = new Deliveries(({ accessKeyId }) => accounts.of(accessKeyId).settings, now, maxHeld);
  }

  /** Puts a notification on its way to every confirmed subscription, and answers its id. */
  publish(topic: Topic, { message, subject, messageId = randomUUID() }: Publication): string {
    const notice: Notice = {
      type: 'Notification',
      messageId,
      topicArn: topic.arn,
      subject,
      message,
      timestamp: this.#timestamp(),
    };
    const subscriptions = this.topics.subscriptionsOf(topic).filter(({ status }) => status === 'confirmed');
    if (subscriptions.length > 0) this.#send(notice, subscriptions);
    return messageId;
  }

  /** Subscribes an endpoint and asks it to confirm, unless it has confirmed already. */
  subscribe(topic: Topic, request: SubscriptionRequest): Subscription {
    const subscription = this.topics.subscribe(topic, request);
    if (subscription.status === 'pending') this.#send(this.confirmation(subscription), [subscription]);
    return subscription;
  }

  /** Unsubscribes by the link that anybody may open, and tells the endpoint how to come back. */
  unsubscribeByLink(subscription: Subscription): void {
    this.topics.unsubscribe(subscription);
    const message =
      `You have chosen to deactivate subscription ${subscription.arn}.\n` +
      'To cancel this operation and restore the subscription, visit the SubscribeURL included in this message.';
    this.#send({ ...this.confirmation(subscription), type: 'UnsubscribeConfirmation', message }, [subscription]);
  }

  /** The notice that asks an endpoint to confirm its subscription. */
  confirmation({ topic, token }: Subscription): Notice {
    return {
      type: 'SubscriptionConfirmation',
      messageId: randomUUID(),
      topicArn: topic.arn,
      message:
        `You have chosen to subscribe to the topic ${topic.arn}.\n` +
        'To confirm the subscription, visit the SubscribeURL included in this message.',
      timestamp: this.#timestamp(),
      token,
    };
  }

  /** Signs a notice, with the version that its topic asks for where none is given. */
  seal(notice: Notice, version = this.#versionOf(notice.topicArn)): Promise<Envelope> {
    return seal(notice, { endpoint: this.endpoint, signer: this.signer, version });
  }

  /** Forgets topics, subscriptions and what was delivered. */
  clear(): void {
    this.topics.clear();
    this.deliveries.results.clear();
  }

  #send(notice: Notice, subscriptions: readonly Subscription[]): void {
    let sealed: Promise<Envelope> | undefined;
    const envelope = () => {
      sealed ??= this.seal(notice);
      return sealed;
    };
    for (const subscription of subscriptions) {
      const isNotification = notice.type === 'Notification';
      const isRaw = isNotification && subscription.attributes.get('RawMessageDelivery') === 'true';
      const link = isNotification ? unsubscribeUrl(this.endpoint, subscription.arn) : undefined;
      this.deliveries.add({
        subscription,
        type: notice.type,
        messageId: notice.messageId,
        isRaw,
        body: async () => (isRaw ? notice.message : serialize(await envelope(), link)),
      });
    }
  }

  #versionOf(topicArn: string): SignatureVersion {
    return this.topics.find(topicArn)?.attributes.get('SignatureVersion') === '2' ? '2' : '1';
  }

  #timestamp(): string {
    return new Date(this.now()).toISOString();
  }
}
