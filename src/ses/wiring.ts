import {
  CreateConfigurationSetCommand,
  CreateConfigurationSetEventDestinationCommand,
  type EventType,
  type SESClient,
  UpdateConfigurationSetEventDestinationCommand,
} from '@aws-sdk/client-ses';
import {
  CreateTopicCommand,
  SetTopicAttributesCommand,
  SNSClient,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import { clientOptions, newSesClient } from './clients.js';
import type { SesCredentials } from './credentials.js';
import { limited } from './limited.js';

/** Each call of AWS; a person waits for all of them. */
const LIMIT_MS = 5_000;

const DESTINATION = 'power-mta-hub';

/** What becomes of a message. Opens and clicks are left out: with them SES rewrites the links that the hub has rewritten. */
const KINDS: EventType[] = ['send', 'reject', 'bounce', 'complaint', 'delivery', 'renderingFailure'];

/**
 * SNS gives up on an endpoint after an hour at the most (Amazon SNS Developer Guide, "Message delivery retries"): five quick
 * tries, then one a minute.
 */
const DELIVERY_POLICY = {
  http: {
    defaultHealthyRetryPolicy: {
      minDelayTarget: 2,
      maxDelayTarget: 60,
      numRetries: 64,
      numNoDelayRetries: 0,
      numMinDelayRetries: 5,
      numMaxDelayRetries: 59,
      backoffFunction: 'linear',
    },
    disableSubscriptionOverrides: true,
  },
};

/** What a business's keys must be allowed to do for it (Service Authorization Reference, SES and SNS). */
export const NEEDED_ACTIONS = [
  'sns:CreateTopic',
  'sns:SetTopicAttributes',
  'sns:Subscribe',
  'sns:Unsubscribe',
  'ses:CreateConfigurationSet',
  'ses:CreateConfigurationSetEventDestination',
  'ses:UpdateConfigurationSetEventDestination',
] as const;

/** The keys may not do one of them. */
export class NotPermitted extends Error {
  constructor(
    readonly action: (typeof NEEDED_ACTIONS)[number],
    options: ErrorOptions,
  ) {
    super(`The keys may not ${action}`, options);
  }
}

/** A tenant's AWS account, while its events are set up. Every step can be repeated. */
export class Wiring {
  private readonly ses: SESClient;
  private readonly sns: SNSClient;

  constructor(credentials: SesCredentials) {
    this.ses = newSesClient(credentials, 1);
    this.sns = new SNSClient(clientOptions(credentials, 1));
  }

  close(): void {
    this.ses.destroy();
    this.sns.destroy();
  }

  /**
   * Makes the topic, where there is none of that name, and lets SES of the same account publish to it.
   * @returns its ARN. @throws NotPermitted, or AWS's error.
   */
  async topic(name: string): Promise<string> {
    const { TopicArn } = await this.call('sns:CreateTopic', (options) =>
      this.sns.send(new CreateTopicCommand({ Name: name }), options),
    );
    if (!TopicArn) throw new Error('SNS made a topic without an ARN');
    const attributes = {
      Policy: JSON.stringify(policyOf(TopicArn)),
      SignatureVersion: '2',
      DeliveryPolicy: JSON.stringify(DELIVERY_POLICY),
    };
    for (const [AttributeName, AttributeValue] of Object.entries(attributes)) {
      const command = new SetTopicAttributesCommand({ TopicArn, AttributeName, AttributeValue });
      await this.call('sns:SetTopicAttributes', (options) => this.sns.send(command, options));
    }
    return TopicArn;
  }

  /** Has SES publish to the topic what becomes of messages sent with the set. @throws NotPermitted, or AWS's error. */
  async configurationSet(name: string, topicArn: string): Promise<void> {
    const ConfigurationSetName = name;
    const create = new CreateConfigurationSetCommand({ ConfigurationSet: { Name: name } });
    await this.call('ses:CreateConfigurationSet', (options) => this.ses.send(create, options)).catch(
      unlessNamed('ConfigurationSetAlreadyExists'),
    );
    const EventDestination = {
      Name: DESTINATION,
      Enabled: true,
      MatchingEventTypes: KINDS,
      SNSDestination: { TopicARN: topicArn },
    };
    const add = new CreateConfigurationSetEventDestinationCommand({ ConfigurationSetName, EventDestination });
    const isThere = await this.call('ses:CreateConfigurationSetEventDestination', (options) =>
      this.ses.send(add, options),
    ).then(() => false, unlessNamed('EventDestinationAlreadyExists'));
    if (!isThere) return;
    const update = new UpdateConfigurationSetEventDestinationCommand({ ConfigurationSetName, EventDestination });
    await this.call('ses:UpdateConfigurationSetEventDestination', (options) => this.ses.send(update, options));
  }

  /** Has SNS post to the URL, once it is confirmed. @returns the subscription's ARN. @throws NotPermitted, or AWS's error. */
  async subscribe(topicArn: string, url: string): Promise<void> {
    const command = new SubscribeCommand({
      TopicArn: topicArn,
      Protocol: url.startsWith('https:') ? 'https' : 'http',
      Endpoint: url,
    });
    await this.call('sns:Subscribe', (options) => this.sns.send(command, options));
  }

  /** @throws NotPermitted, or AWS's error. */
  async unsubscribe(subscriptionArn: string): Promise<void> {
    const command = new UnsubscribeCommand({ SubscriptionArn: subscriptionArn });
    await this.call('sns:Unsubscribe', (options) => this.sns.send(command, options));
  }

  private async call<T>(
    action: (typeof NEEDED_ACTIONS)[number],
    call: (options: Parameters<Parameters<typeof limited>[1]>[0]) => Promise<T>,
  ): Promise<T> {
    try {
      return await limited(LIMIT_MS, call);
    } catch (cause) {
      if (isNamed(cause, 'AccessDenied') || isNamed(cause, 'AuthorizationError'))
        throw new NotPermitted(action, { cause });
      throw cause;
    }
  }
}

/** Amazon SES Developer Guide, "Set up an Amazon SNS event destination for event publishing". */
function policyOf(topicArn: string) {
  const [, , , , account] = topicArn.split(':');
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'SesPublishes',
        Effect: 'Allow',
        Principal: { Service: 'ses.amazonaws.com' },
        Action: 'sns:Publish',
        Resource: topicArn,
        Condition: { StringEquals: { 'AWS:SourceAccount': account } },
      },
    ],
  };
}

/** AWS's names come with and without `Exception`. */
const isNamed = (error: unknown, name: string) =>
  error instanceof Error && (error.name === name || error.name === `${name}Exception`);

function unlessNamed(name: string): (error: unknown) => true {
  return (error) => {
    if (isNamed(error, name)) return true;
    throw error;
  };
}
