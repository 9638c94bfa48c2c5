import {
  CreateConfigurationSetCommand,
  CreateConfigurationSetEventDestinationCommand,
  type EventType,
  UpdateConfigurationSetEventDestinationCommand,
} from '@aws-sdk/client-ses';
import {
  CreateTopicCommand,
  ListSubscriptionsByTopicCommand,
  SetTopicAttributesCommand,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import type { Administration } from './administration.js';

/** The event destination within the configuration set. */
export const DESTINATION = 'power-mta-hub';

/**
 * The events that are asked for, all that SES's v1 knows but opens and clicks: for those SES would rewrite the links, and
 * the hub tracks them itself.
 */
export const EVENT_KINDS: readonly EventType[] = [
  'send',
  'reject',
  'bounce',
  'complaint',
  'delivery',
  'renderingFailure',
];

/**
 * How SNS tries again while the hub is away: soon at first, then every minute, 3,600 s in all, which is the most it takes
 * (Amazon SNS Developer Guide, "Message delivery retries"). It is lost after that.
 */
export const DELIVERY_POLICY = JSON.stringify({
  http: {
    defaultHealthyRetryPolicy: {
      minDelayTarget: 10,
      maxDelayTarget: 60,
      numRetries: 65,
      numMinDelayRetries: 6,
      numMaxDelayRetries: 59,
      backoffFunction: 'linear',
    },
    disableSubscriptionOverrides: false,
  },
});

/** What the wiring is called in the tenant's account: configuration set and topic alike. */
export function wiringName(businessId: string): string {
  return `power-mta-hub-${businessId}`;
}

/** The parts of an ARN that the hub needs: `arn:<partition>:sns:<region>:<account>:<name>`. */
export function partsOf(arn: string): { partition: string; region: string; accountId: string } {
  const [, partition = '', , region = '', accountId = ''] = arn.split(':');
  return { partition, region, accountId };
}

/** The configuration set, as the topic's policy names it. */
export function configurationSetArn(topicArn: string, configurationSet: string): string {
  const { partition, region, accountId } = partsOf(topicArn);
  return `arn:${partition}:ses:${region}:${accountId}:configuration-set/${configurationSet}`;
}

/** Lets SES publish to the topic, for this account's configuration set alone (Amazon SES Developer Guide, "Set up an Amazon SNS event destination"). */
export function topicPolicy(topicArn: string, configurationSet: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'PowerMtaHubEvents',
        Effect: 'Allow',
        Principal: { Service: 'ses.amazonaws.com' },
        Action: 'sns:Publish',
        Resource: topicArn,
        Condition: {
          StringEquals: {
            'AWS:SourceAccount': partsOf(topicArn).accountId,
            'AWS:SourceArn': configurationSetArn(topicArn, configurationSet),
          },
        },
      },
    ],
  });
}

/** A call that failed, with the permission it needs. */
export class WiringFailure extends Error {
  override name = 'WiringFailure';
  constructor(
    readonly action: string,
    cause: unknown,
  ) {
    super(`${action} failed`, { cause });
  }
}

/**
 * Makes the configuration set and the topic, with its policy, signatures by SHA-256 and the longest delivery policy. What is
 * there already is brought to this state.
 * @returns the topic's ARN. @throws WiringFailure.
 */
export async function makeTopic(account: Administration, name: string): Promise<string> {
  await step('ses:CreateConfigurationSet', () =>
    account
      .ses((ses, limit) => ses.send(new CreateConfigurationSetCommand({ ConfigurationSet: { Name: name } }), limit))
      .catch(ignoreExisting),
  );
  // Without attributes: a topic that is there with others would be an error.
  const { TopicArn } = await step('sns:CreateTopic', () =>
    account.sns((sns, limit) => sns.send(new CreateTopicCommand({ Name: name }), limit)),
  );
  if (!TopicArn) throw new WiringFailure('sns:CreateTopic', new Error('SNS answered without an ARN'));
  const attributes = {
    Policy: topicPolicy(TopicArn, name),
    SignatureVersion: '2',
    DeliveryPolicy: DELIVERY_POLICY,
  };
  for (const [AttributeName, AttributeValue] of Object.entries(attributes)) {
    await step('sns:SetTopicAttributes', () =>
      account.sns((sns, limit) =>
        sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName, AttributeValue }), limit),
      ),
    );
  }
  return TopicArn;
}

/**
 * Subscribes a URL to the topic; SNS then asks it to confirm. One that is there already stays.
 * @returns the subscription's ARN where it is confirmed: then SNS asks nothing.
 * @throws WiringFailure.
 */
export async function subscribe(account: Administration, topicArn: string, url: string): Promise<string | undefined> {
  const Protocol = new URL(url).protocol.replace(':', '');
  const { SubscriptionArn } = await step('sns:Subscribe', () =>
    account.sns((sns, limit) => sns.send(new SubscribeCommand({ TopicArn: topicArn, Protocol, Endpoint: url }), limit)),
  );
  return SubscriptionArn?.startsWith('arn:') ? SubscriptionArn : undefined;
}

/** Has the configuration set publish its events to the topic. @throws WiringFailure. */
export async function makeDestination(
  account: Administration,
  configurationSet: string,
  topicArn: string,
): Promise<void> {
  const destination = {
    ConfigurationSetName: configurationSet,
    EventDestination: {
      Name: DESTINATION,
      Enabled: true,
      MatchingEventTypes: [...EVENT_KINDS],
      SNSDestination: { TopicARN: topicArn },
    },
  };
  const isThere = await step('ses:CreateConfigurationSetEventDestination', () =>
    account
      .ses((ses, limit) => ses.send(new CreateConfigurationSetEventDestinationCommand(destination), limit))
      .then(() => false, orExisting),
  );
  if (!isThere) return;
  await step('ses:UpdateConfigurationSetEventDestination', () =>
    account.ses((ses, limit) => ses.send(new UpdateConfigurationSetEventDestinationCommand(destination), limit)),
  );
}

/** A subscription of the topic. `arn` is undefined while it is not confirmed. */
export interface Subscription {
  arn: string | undefined;
  endpoint: string;
}

/** All subscriptions of the topic. @throws WiringFailure. */
export async function subscriptionsOf(account: Administration, topicArn: string): Promise<Subscription[]> {
  const found: Subscription[] = [];
  let NextToken: string | undefined;
  do {
    const page = await step('sns:ListSubscriptionsByTopic', () =>
      account.sns((sns, limit) =>
        sns.send(
          new ListSubscriptionsByTopicCommand({ TopicArn: topicArn, ...(NextToken ? { NextToken } : {}) }),
          limit,
        ),
      ),
    );
    for (const { SubscriptionArn = '', Endpoint = '' } of page.Subscriptions ?? []) {
      found.push({ arn: SubscriptionArn.startsWith('arn:') ? SubscriptionArn : undefined, endpoint: Endpoint });
    }
    NextToken = page.NextToken;
  } while (NextToken);
  return found;
}

/** Ends the subscriptions of earlier tokens: those to the hub's inbound path but for `url`. @throws WiringFailure. */
export async function unsubscribeOthers(account: Administration, topicArn: string, url: string): Promise<void> {
  const path = url.slice(0, url.lastIndexOf('/') + 1);
  for (const { arn, endpoint } of await subscriptionsOf(account, topicArn)) {
    if (!arn || endpoint === url || !endpoint.startsWith(path)) continue;
    await step('sns:Unsubscribe', () =>
      account.sns((sns, limit) => sns.send(new UnsubscribeCommand({ SubscriptionArn: arn }), limit)),
    );
  }
}

async function step<T>(action: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw new WiringFailure(action, error);
  }
}

const isExisting = (error: unknown) => error instanceof Error && /AlreadyExists/.test(error.name);

function ignoreExisting(error: unknown): void {
  if (!isExisting(error)) throw error;
}

function orExisting(error: unknown): true {
  if (isExisting(error)) return true;
  throw error;
}
