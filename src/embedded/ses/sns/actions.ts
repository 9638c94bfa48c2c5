import type { Account } from '../accounts.js';
import type { Action, Around } from '../action.js';
import { element, entryMap, type QueryRequest, structureList } from '../query-protocol.js';
import {
  checkSubscriptionAttribute,
  checkTopicAttribute,
  subscriptionAttributes,
  topicAttributes,
} from './attributes.js';
import { invalid } from './errors.js';
import type { Subscription, Topic } from './topics.js';

const SUBSCRIPTIONS_A_PAGE = 100;

/** The actions of SNS, by their names. */
export const SNS_ACTIONS: Readonly<Record<string, Action>> = {
  CreateTopic: (account, request, { state, region }) => {
    const attributes = request.entries('Attributes');
    for (const [name, value] of attributes) checkTopicAttribute(name, value);
    const topic = state.sns.topics.ensure(account, region, request.get('Name') ?? '', attributes);
    return element('TopicArn', topic.arn);
  },

  GetTopicAttributes: (account, request, around) => {
    const topic = topicOf(account, request, around);
    const subscriptions = around.state.sns.topics.subscriptionsOf(topic);
    return entryMap('Attributes', topicAttributes(topic, subscriptions));
  },

  SetTopicAttributes: (account, request, around) => {
    setAttribute(topicOf(account, request, around).attributes, request, checkTopicAttribute);
    return '';
  },

  DeleteTopic: ({ accountId }, request, { state }) => {
    const arn = request.get('TopicArn') ?? '';
    if (state.sns.topics.find(arn)?.accountId === accountId) state.sns.topics.delete(arn);
    return '';
  },

  Subscribe: (account, request, around) => {
    const topic = topicOf(account, request, around);
    const protocol = request.get('Protocol') ?? '';
    const endpoint = request.get('Endpoint') ?? '';
    if (!['http', 'https'].includes(protocol)) throw invalid(`This SNS knows no protocol ${protocol}`);
    if (!URL.canParse(endpoint)) throw invalid('Endpoint');
    if (!endpoint.startsWith(`${protocol}://`)) throw invalid('Endpoint must match the specified protocol');
    const attributes = request.entries('Attributes');
    for (const [name, value] of attributes) checkSubscriptionAttribute(name, value);
    const subscription = around.state.sns.subscribe(topic, { protocol, endpoint, attributes });
    const isShown = subscription.status === 'confirmed' || request.get('ReturnSubscriptionArn') === 'true';
    return element('SubscriptionArn', isShown ? subscription.arn : 'pending confirmation');
  },

  ConfirmSubscription: (account, request, around) => {
    const topic = topicOf(account, request, around);
    const needsAuthentication = request.get('AuthenticateOnUnsubscribe') === 'true';
    const token = request.get('Token') ?? '';
    return element('SubscriptionArn', around.state.sns.topics.confirm(topic.arn, token, needsAuthentication).arn);
  },

  ListSubscriptionsByTopic: (account, request, around) => {
    const subscriptions = around.state.sns.topics.subscriptionsOf(topicOf(account, request, around));
    const start = Number(request.get('NextToken') ?? 0);
    const end = start + SUBSCRIPTIONS_A_PAGE;
    return (
      structureList('Subscriptions', subscriptions.slice(start, end).map(presentSubscription)) +
      (end < subscriptions.length ? element('NextToken', end) : '')
    );
  },

  GetSubscriptionAttributes: (account, request, around) =>
    entryMap('Attributes', subscriptionAttributes(subscriptionOf(account, request, around))),

  SetSubscriptionAttributes: (account, request, around) => {
    setAttribute(subscriptionOf(account, request, around).attributes, request, checkSubscriptionAttribute);
    return '';
  },

  Unsubscribe: (account, request, around) => {
    const { topics } = around.state.sns;
    const subscription = topics.findSubscription(request.get('SubscriptionArn') ?? '');
    // As with DeleteTopic, what is gone already is no error.
    if (!subscription) return '';
    topics.unsubscribe(topics.ownSubscription(account, subscription.arn));
    return '';
  },
};

function topicOf(account: Account, request: QueryRequest, { state }: Around): Topic {
  return state.sns.topics.own(account, request.get('TopicArn') ?? '');
}

function subscriptionOf(account: Account, request: QueryRequest, { state }: Around): Subscription {
  return state.sns.topics.ownSubscription(account, request.get('SubscriptionArn') ?? '');
}

/** An empty value takes the attribute away. */
function setAttribute(
  attributes: Map<string, string>,
  request: QueryRequest,
  check: (name: string, value: string) => void,
): void {
  const name = request.get('AttributeName') ?? '';
  const value = request.get('AttributeValue') ?? '';
  check(name, value);
  if (value) attributes.set(name, value);
  else attributes.delete(name);
}

function presentSubscription({ arn, topic, protocol, endpoint, status }: Subscription): string {
  return (
    element('SubscriptionArn', status === 'pending' ? 'PendingConfirmation' : arn) +
    element('Owner', topic.accountId) +
    element('Protocol', protocol) +
    element('Endpoint', endpoint) +
    element('TopicArn', topic.arn)
  );
}
