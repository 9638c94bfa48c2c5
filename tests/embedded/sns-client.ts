import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateConfigurationSetCommand, CreateConfigurationSetEventDestinationCommand } from '@aws-sdk/client-ses';
import { ConfirmSubscriptionCommand, CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { onTestFinished } from 'vitest';
import { accountIdOf } from '../../src/embedded/ses/caller.js';
import { EVENT_TYPES, type EventType } from '../../src/embedded/ses/configuration-sets.js';
import { until } from '../support/until.js';
import { sdk } from './ses-client.js';

/** The real SDK of SNS. */
export function snsSdk(endpoint: string, accessKeyId = 'AKIATEST'): SNSClient {
  const client = new SNSClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey: 'any secret' },
    maxAttempts: 1,
  });
  onTestFinished(() => client.destroy());
  return client;
}

/** What was posted to an endpoint. */
export interface Posted {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** The body's fields; empty where it is no JSON. */
  envelope: Record<string, string>;
}

/** An endpoint of one test, which keeps what is posted to it. */
export interface Endpoint {
  url: string;
  posted: Posted[];
  /** Waits for so many of a type and answers them, in the order in which they came. */
  untilPosted(count: number, type?: string): Promise<Posted[]>;
}

/** @param answer the status for a POST; undefined for no answer at all. 200 when left out. */
export async function endpoint(answer: (posted: Posted) => number | undefined = () => 200): Promise<Endpoint> {
  const posted: Posted[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const one = { path: request.url ?? '', headers: request.headers, body, envelope: fieldsOf(body) };
    posted.push(one);
    const status = answer(one);
    if (status !== undefined) response.writeHead(status).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/inbound`,
    posted,
    untilPosted: (count, type = 'Notification') =>
      until(() => {
        const those = posted.filter(({ headers }) => headers['x-amz-sns-message-type'] === type);
        return those.length >= count ? those : undefined;
      }),
  };
}

/** A policy that lets SES publish to a topic for the account of this access key. */
export function sesPolicy(topicArn: string, accessKeyId = 'AKIATEST'): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'ses.amazonaws.com' },
        Action: 'sns:Publish',
        Resource: topicArn,
        Condition: { StringEquals: { 'AWS:SourceAccount': accountIdOf(accessKeyId) } },
      },
    ],
  });
}

/** The ARN of a topic of the account of this access key. */
export function arnOf(name: string, accessKeyId = 'AKIATEST'): string {
  return `arn:aws:sns:us-east-1:${accountIdOf(accessKeyId)}:${name}`;
}

/** A topic that SES may publish to, with a confirmed subscription. @returns its ARN. */
export async function subscribedTopic(
  ses: string,
  { url, untilPosted }: Endpoint,
  attributes: Record<string, string> = {},
): Promise<string> {
  const sns = snsSdk(ses);
  const { TopicArn } = await sns.send(
    new CreateTopicCommand({ Name: 'events', Attributes: { Policy: sesPolicy(arnOf('events')), ...attributes } }),
  );
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'http', Endpoint: url }));
  const [confirmation] = await untilPosted(1, 'SubscriptionConfirmation');
  await sns.send(new ConfirmSubscriptionCommand({ TopicArn, Token: confirmation?.envelope.Token }));
  return TopicArn ?? '';
}

/** A configuration set whose events go to this topic; "all" of its kind when no types are named. */
export async function configurationSet(
  ses: string,
  name: string,
  topicArn: string,
  types: readonly EventType[] = EVENT_TYPES,
): Promise<void> {
  const client = sdk(ses);
  await client.send(new CreateConfigurationSetCommand({ ConfigurationSet: { Name: name } }));
  await client.send(
    new CreateConfigurationSetEventDestinationCommand({
      ConfigurationSetName: name,
      EventDestination: {
        Name: 'hub',
        Enabled: true,
        MatchingEventTypes: [...types],
        SNSDestination: { TopicARN: topicArn },
      },
    }),
  );
}

function fieldsOf(body: string): Record<string, string> {
  try {
    return JSON.parse(body);
  } catch {
    return {};
  }
}
