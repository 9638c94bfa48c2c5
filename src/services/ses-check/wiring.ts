import { DescribeConfigurationSetCommand, type EventDestination } from '@aws-sdk/client-ses';
import { GetTopicAttributesCommand } from '@aws-sdk/client-sns';
import { z } from 'zod';
import type { Business, EventWiring } from '../../models/business.js';
import type { Sealed } from '../../secrets.js';
import type { Administration } from '../../ses/administration.js';
import { EVENT_KINDS, subscriptionsOf } from '../../ses/event-wiring.js';
import { inboundUrl } from '../../ses/inbound-token.js';
import { ask, type Finding, ok, problem, warning } from './finding.js';

const REWIRE = 'POST /api/business/events-setup makes what is missing';

/** The way by which SES's events come back, link by link. */
export async function checkWiring({ _id, eventWiring }: Business, account: Administration): Promise<Finding[]> {
  if (!eventWiring?.topicArn || !eventWiring.configurationSet) {
    return [problem('event_wiring', 'No events come back: bounces and complaints are not heard of', REWIRE)];
  }
  const { topicArn, configurationSet } = eventWiring;
  const url = inboundUrl(_id, eventWiring.token as Sealed);
  const [set, topic, subscription] = await Promise.all([
    checkSet(account, configurationSet, topicArn),
    checkTopic(account, topicArn),
    checkSubscription(account, eventWiring, topicArn, url),
  ]);
  return [...set, ...topic, ...subscription];
}

async function checkSet(account: Administration, name: string, topicArn: string): Promise<Finding[]> {
  const found: Finding[] = [];
  const request = new DescribeConfigurationSetCommand({
    ConfigurationSetName: name,
    ConfigurationSetAttributeNames: ['eventDestinations'],
  });
  const about = { check: 'configuration_set', action: 'ses:DescribeConfigurationSet', subject: name } as const;
  const set = await ask(found, about, () =>
    account
      .ses((client, limit) => client.send(request, limit))
      .catch((error: unknown) => {
        if (error instanceof Error && /DoesNotExist/.test(error.name)) return null;
        throw error;
      }),
  );
  if (set === undefined) return found;
  if (set === null) return [problem('configuration_set', 'It is gone: SES refuses every message', REWIRE, name)];
  const destinations = set.EventDestinations ?? [];
  return [
    ok('configuration_set', 'It is there', name),
    destination(destinations, topicArn, name),
    tracking(destinations, name),
  ];
}

function destination(destinations: readonly EventDestination[], topicArn: string, name: string): Finding {
  const ours = destinations.filter((one) => one.Enabled && one.SNSDestination?.TopicARN === topicArn);
  if (ours.length === 0) {
    return problem('event_destination', 'No enabled destination publishes to the topic', REWIRE, name);
  }
  const lacking = EVENT_KINDS.filter(
    (kind) => !ours.some(({ MatchingEventTypes }) => MatchingEventTypes?.includes(kind)),
  );
  if (lacking.length === 0) return ok('event_destination', 'It publishes all that the hub wants to know', name);
  return problem('event_destination', `It does not publish: ${lacking.join(', ')}`, REWIRE, name);
}

function tracking(destinations: readonly EventDestination[], name: string): Finding {
  const isDouble = destinations.some(
    ({ Enabled, MatchingEventTypes = [] }) =>
      Enabled && (MatchingEventTypes.includes('open') || MatchingEventTypes.includes('click')),
  );
  if (!isDouble) return ok('double_tracking', 'SES leaves opens and clicks to the hub', name);
  return warning(
    'double_tracking',
    'SES tracks opens or clicks, too: it rewrites links that the hub has rewritten already',
    'Take open and click out of the event destinations of this configuration set',
    name,
  );
}

async function checkTopic(account: Administration, topicArn: string): Promise<Finding[]> {
  const found: Finding[] = [];
  const about = { check: 'topic', action: 'sns:GetTopicAttributes', subject: topicArn } as const;
  const topic = await ask(found, about, () =>
    account
      .sns((client, limit) => client.send(new GetTopicAttributesCommand({ TopicArn: topicArn }), limit))
      .catch((error: unknown) => {
        if (error instanceof Error && /^NotFound/.test(error.name)) return null;
        throw error;
      }),
  );
  if (topic === undefined) return found;
  if (topic === null) return [problem('topic', 'The topic is gone', REWIRE, topicArn)];
  const { Policy = '', SignatureVersion = '1', EffectiveDeliveryPolicy = '' } = topic.Attributes ?? {};
  if (!Policy.includes('ses.amazonaws.com')) {
    return [problem('topic', 'Its policy does not let SES publish', REWIRE, topicArn)];
  }
  if (SignatureVersion !== '2') return [warning('topic', 'It signs by SHA-1', REWIRE, topicArn)];
  const retries = retriesOf(EffectiveDeliveryPolicy);
  if (retries !== undefined && retries <= 3) {
    return [warning('topic', `It tries ${retries} times only when the hub is away for a minute`, REWIRE, topicArn)];
  }
  return [ok('topic', 'SES may publish to it, and it signs by SHA-256', topicArn)];
}

const Policy = z.object({ http: z.object({ defaultHealthyRetryPolicy: z.object({ numRetries: z.number() }) }) });

function retriesOf(text: string): number | undefined {
  try {
    return Policy.parse(JSON.parse(text)).http.defaultHealthyRetryPolicy.numRetries;
  } catch {
    return undefined;
  }
}

async function checkSubscription(
  account: Administration,
  { isByHand }: EventWiring,
  topicArn: string,
  url: string,
): Promise<Finding[]> {
  const found: Finding[] = [];
  const about = { check: 'subscription', action: 'sns:ListSubscriptionsByTopic', subject: topicArn } as const;
  const subscriptions = await ask(found, about, () => subscriptionsOf(account, topicArn));
  if (!subscriptions) return found;
  const remedy = isByHand ? 'Subscribe the topic to the inbound URL (docs/ses-setup.md)' : REWIRE;
  const own = subscriptions.find(({ endpoint }) => endpoint === url);
  if (!own) return [problem('subscription', 'The topic does not send to the hub’s inbound URL', remedy, topicArn)];
  if (!own.arn) {
    const message = 'SNS waits for the confirmation: its request did not reach the hub, or not under PUBLIC_URL';
    return [problem('subscription', message, `See that PUBLIC_URL is reached from the internet; ${remedy}`, topicArn)];
  }
  return [ok('subscription', 'It sends to the hub', topicArn)];
}
