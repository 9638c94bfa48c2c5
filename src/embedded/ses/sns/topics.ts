import { randomBytes, randomUUID } from 'node:crypto';
import type { Account } from '../accounts.js';
import { SesError } from '../errors.js';
import { invalid, notFound } from './errors.js';

/** An SNS topic, of the account whose access key made it. */
export interface Topic {
  readonly arn: string;
  readonly name: string;
  readonly accessKeyId: string;
  readonly accountId: string;
  /** What was set, as it came: Policy, DeliveryPolicy, SignatureVersion, DisplayName. */
  readonly attributes: Map<string, string>;
  subscriptionsDeleted: number;
}

/** An endpoint that gets what is published to a topic, once it has confirmed that it wants to. */
export interface Subscription {
  readonly arn: string;
  readonly topic: Topic;
  readonly protocol: string;
  readonly endpoint: string;
  /** Confirms the subscription, as often as it comes. */
  readonly token: string;
  /** What was set, as it came: DeliveryPolicy, RawMessageDelivery. */
  readonly attributes: Map<string, string>;
  status: 'pending' | 'confirmed' | 'deleted';
  /** Whether the link to unsubscribe, which anybody could open, is refused. */
  needsAuthentication: boolean;
}

/** How an endpoint asks to be subscribed. */
export interface SubscriptionRequest {
  protocol: string;
  endpoint: string;
  attributes: Map<string, string>;
}

/** Every account's topics and their subscriptions, by their ARNs. */
export class Topics {
  readonly #topics = new Map<string, Topic>();
  readonly #subscriptions = new Map<string, Subscription>();

  /**
   * Makes a topic, or answers the one that there is.
   * @throws SesError InvalidParameter where that one has other attributes
   */
  ensure({ accessKeyId, accountId }: Account, region: string, name: string, attributes: Map<string, string>): Topic {
    if (!/^[A-Za-z0-9_-]{1,256}$/.test(name)) throw invalid('Topic Name');
    const arn = `arn:aws:sns:${region}:${accountId}:${name}`;
    const known = this.#topics.get(arn);
    if (!known) {
      const topic = { arn, name, accessKeyId, accountId, attributes, subscriptionsDeleted: 0 };
      this.#topics.set(arn, topic);
      return topic;
    }
    for (const [key, value] of attributes) {
      if (known.attributes.get(key) !== value) {
        throw invalid('Attributes Reason: Topic already exists with different attributes');
      }
    }
    return known;
  }

  find(arn: string): Topic | undefined {
    return this.#topics.get(arn);
  }

  /** The account's own topic. @throws SesError InvalidParameter, AuthorizationError, NotFound */
  own({ accountId }: Account, arn: string): Topic {
    checkOwner(accountId, arn, 'TopicArn', 6);
    const topic = this.#topics.get(arn);
    if (!topic) throw notFound('Topic');
    return topic;
  }

  /** The account's own subscription. @throws SesError InvalidParameter, AuthorizationError, NotFound */
  ownSubscription({ accountId }: Account, arn: string): Subscription {
    checkOwner(accountId, arn, 'SubscriptionArn', 7);
    const subscription = this.findSubscription(arn);
    if (!subscription) throw notFound('Subscription');
    return subscription;
  }

  findSubscription(arn: string): Subscription | undefined {
    const subscription = this.#subscriptions.get(arn);
    return subscription?.status === 'deleted' ? undefined : subscription;
  }

  /** Those that are there, pending ones too. */
  subscriptionsOf(topic: Topic): Subscription[] {
    return [...this.#subscriptions.values()].filter((one) => one.topic === topic && one.status !== 'deleted');
  }

  /**
   * Makes a pending subscription, or answers the one that this endpoint has.
   * @throws SesError InvalidParameter where that one has other attributes
   */
  subscribe(topic: Topic, { protocol, endpoint, attributes }: SubscriptionRequest): Subscription {
    const known = this.subscriptionsOf(topic).find((one) => one.protocol === protocol && one.endpoint === endpoint);
    if (known) {
      for (const [name, value] of attributes) {
        if (known.attributes.get(name) !== value) {
          throw invalid('Attributes Reason: Subscription already exists with different attributes');
        }
      }
      return known;
    }
    const subscription: Subscription = {
      arn: `${topic.arn}:${randomUUID()}`,
      topic,
      protocol,
      endpoint,
      token: randomBytes(64).toString('hex'),
      attributes,
      status: 'pending',
      needsAuthentication: false,
    };
    this.#subscriptions.set(subscription.arn, subscription);
    return subscription;
  }

  /** Also brings one back that has unsubscribed. @throws SesError InvalidParameter for a token that is not the topic's */
  confirm(topicArn: string, token: string, needsAuthentication: boolean): Subscription {
    const subscription = [...this.#subscriptions.values()].find(
      (one) => one.topic.arn === topicArn && one.token === token,
    );
    if (!subscription || !this.#topics.has(topicArn)) throw invalid('Token');
    subscription.status = 'confirmed';
    subscription.needsAuthentication ||= needsAuthentication;
    return subscription;
  }

  unsubscribe(subscription: Subscription): void {
    if (subscription.status === 'deleted') return;
    subscription.status = 'deleted';
    subscription.topic.subscriptionsDeleted++;
  }

  /** Takes the topic and its subscriptions away; where there is none, nothing happens. */
  delete(arn: string): void {
    const topic = this.#topics.get(arn);
    if (!topic) return;
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.topic !== topic) continue;
      subscription.status = 'deleted';
      this.#subscriptions.delete(subscription.arn);
    }
    this.#topics.delete(arn);
  }

  clear(): void {
    for (const arn of [...this.#topics.keys()]) this.delete(arn);
  }
}

/** @throws SesError InvalidParameter for what is no such ARN, AuthorizationError for another account's */
function checkOwner(accountId: string, arn: string, parameter: string, parts: number): void {
  const [prefix, , service, , owner, ...rest] = arn.split(':');
  if (prefix !== 'arn' || service !== 'sns' || rest.length + 5 !== parts) throw invalid(parameter);
  if (owner !== accountId) throw new SesError('AuthorizationError', 'Not authorized to access this resource.', 403);
}
