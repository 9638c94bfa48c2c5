import { escapeXml } from '../query-protocol.js';
import {
  checkSubscriptionPolicy,
  checkTopicPolicy,
  deliveryPolicyOf,
  effectiveTopicPolicy,
} from './delivery-policy.js';
import { invalid } from './errors.js';
import { checkPolicy, defaultPolicy } from './topic-policy.js';
import type { Subscription, Topic } from './topics.js';

type Check = (value: string) => void;

const TOPIC_ATTRIBUTES: Readonly<Record<string, Check>> = {
  Policy: checkPolicy,
  DeliveryPolicy: checkTopicPolicy,
  SignatureVersion: oneOf('SignatureVersion', ['1', '2']),
  DisplayName: (value) => {
    if (value.length > 100) throw invalid('DisplayName');
  },
};

const SUBSCRIPTION_ATTRIBUTES: Readonly<Record<string, Check>> = {
  DeliveryPolicy: checkSubscriptionPolicy,
  RawMessageDelivery: oneOf('RawMessageDelivery', ['true', 'false']),
};

/** @throws SesError InvalidParameter for a name or a value that SNS refuses, or that is not known here; '' is none */
export function checkTopicAttribute(name: string, value: string): void {
  check(TOPIC_ATTRIBUTES, name, value);
}

/** @throws SesError InvalidParameter as above */
export function checkSubscriptionAttribute(name: string, value: string): void {
  check(SUBSCRIPTION_ATTRIBUTES, name, value);
}

/** What GetTopicAttributes answers. */
export function topicAttributes(topic: Topic, subscriptions: readonly Subscription[]): Map<string, string> {
  const count = (status: Subscription['status']) =>
    String(subscriptions.filter((subscription) => subscription.status === status).length);
  return values({
    TopicArn: topic.arn,
    Owner: topic.accountId,
    Policy: defaultPolicy(topic),
    DisplayName: '',
    SubscriptionsConfirmed: count('confirmed'),
    SubscriptionsPending: count('pending'),
    SubscriptionsDeleted: String(topic.subscriptionsDeleted),
    EffectiveDeliveryPolicy: effectiveTopicPolicy(topic),
    ...Object.fromEntries(topic.attributes),
  });
}

/** What GetSubscriptionAttributes answers. */
export function subscriptionAttributes(subscription: Subscription): Map<string, string> {
  const { arn, topic, protocol, endpoint, status, needsAuthentication, attributes } = subscription;
  return values({
    SubscriptionArn: arn,
    TopicArn: topic.arn,
    Owner: topic.accountId,
    Protocol: protocol,
    Endpoint: endpoint,
    PendingConfirmation: String(status === 'pending'),
    ConfirmationWasAuthenticated: String(needsAuthentication),
    RawMessageDelivery: 'false',
    EffectiveDeliveryPolicy: JSON.stringify(deliveryPolicyOf(subscription)),
    ...Object.fromEntries(attributes),
  });
}

/** The values as XML. */
function values(attributes: Record<string, string>): Map<string, string> {
  return new Map(Object.entries(attributes).map(([name, value]) => [name, escapeXml(value)]));
}

function oneOf(name: string, allowed: readonly string[]): Check {
  return (value) => {
    if (!allowed.includes(value)) throw invalid(name);
  };
}

function check(known: Readonly<Record<string, Check>>, name: string, value: string): void {
  if (!Object.hasOwn(known, name)) throw invalid('AttributeName');
  if (value) known[name]?.(value);
}
