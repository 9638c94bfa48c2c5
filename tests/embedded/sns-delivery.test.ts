import { verify, X509Certificate } from 'node:crypto';
import {
  ConfirmSubscriptionCommand,
  ListSubscriptionsByTopicCommand,
  SetSubscriptionAttributesCommand,
  SetTopicAttributesCommand,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import { describe, expect, it } from 'vitest';
import { deliveryPolicyOf } from '../../src/embedded/ses/sns/delivery-policy.js';
import type { Subscription } from '../../src/embedded/ses/sns/topics.js';
import { until } from '../support/until.js';
import { useSes } from './ses-client.js';
import { endpoint, snsSdk, subscribedTopic } from './sns-client.js';

/** Whether the signature is right, by the certificate that the envelope names (SNS Developer Guide). */
async function isGenuine(envelope: Record<string, string>): Promise<boolean> {
  const answer = await fetch(envelope.SigningCertURL ?? '');
  const { publicKey } = new X509Certificate(await answer.text());
  const names =
    envelope.Type === 'Notification'
      ? ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
      : ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];
  const text = names.map((name) => (name in envelope ? `${name}\n${envelope[name]}\n` : '')).join('');
  const algorithm = envelope.SignatureVersion === '2' ? 'RSA-SHA256' : 'RSA-SHA1';
  return verify(algorithm, Buffer.from(text), publicKey, Buffer.from(envelope.Signature ?? '', 'base64'));
}

describe('notifications of the local SNS', () => {
  it.each(['1', '2'])('are signed with version %s by a certificate that it serves', async (SignatureVersion) => {
    const { endpoint: ses, control } = await useSes();
    const target = await endpoint();
    const topicArn = await subscribedTopic(ses, target, { SignatureVersion });
    await control.publish({ topicArn, message: { eventType: 'Send' }, subject: 'Grüße' });
    await control.publish({ topicArn, message: 'plain' });
    await target.untilPosted(2);
    expect(target.posted).toHaveLength(3);
    for (const { envelope } of target.posted) {
      expect(envelope.SignatureVersion).toBe(SignatureVersion);
      expect(envelope.SigningCertURL).toMatch(new RegExp(`^${ses}/SimpleNotificationService-[0-9a-f]{32}\\.pem$`));
      expect(await isGenuine(envelope)).toBe(true);
      expect(await isGenuine({ ...envelope, Message: `${envelope.Message} ` })).toBe(false);
    }
    const bySubject = target.posted.find(({ envelope }) => envelope.Subject === 'Grüße');
    expect(bySubject?.envelope.Message).toBe('{"eventType":"Send"}');
  });

  it('are posted as text, with the headers of SNS', async () => {
    const { endpoint: ses, control } = await useSes();
    const target = await endpoint();
    const topicArn = await subscribedTopic(ses, target);
    const messageId = await control.publish({ topicArn, message: 'hello' });
    const [notification] = await target.untilPosted(1);
    expect(notification).toMatchObject({
      path: '/inbound',
      headers: {
        'content-type': 'text/plain; charset=UTF-8',
        'x-amz-sns-message-type': 'Notification',
        'x-amz-sns-message-id': messageId,
        'x-amz-sns-topic-arn': topicArn,
        'x-amz-sns-subscription-arn': expect.stringContaining(topicArn),
      },
      envelope: { Type: 'Notification', MessageId: messageId, TopicArn: topicArn, Message: 'hello' },
    });
    expect(notification?.envelope).not.toHaveProperty('Subject');
  });

  it('come as they are where that was asked for', async () => {
    const { endpoint: ses, control } = await useSes();
    const target = await endpoint();
    const topicArn = await subscribedTopic(ses, target);
    const sns = snsSdk(ses);
    const { Subscriptions } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn: topicArn }));
    await sns.send(
      new SetSubscriptionAttributesCommand({
        SubscriptionArn: Subscriptions?.[0]?.SubscriptionArn,
        AttributeName: 'RawMessageDelivery',
        AttributeValue: 'true',
      }),
    );
    await control.publish({ topicArn, message: 'as it is' });
    const [notification] = await target.untilPosted(1);
    expect(notification).toMatchObject({ body: 'as it is', headers: { 'x-amz-sns-rawdelivery': 'true' } });
  });

  it('come in copies where that was asked for, and to confirmed endpoints alone', async () => {
    const { endpoint: ses, control } = await useSes();
    const target = await endpoint();
    const topicArn = await subscribedTopic(ses, target);
    const pending = await endpoint();
    await snsSdk(ses).send(new SubscribeCommand({ TopicArn: topicArn, Protocol: 'http', Endpoint: pending.url }));
    const messageId = await control.publish({ topicArn, message: 'again', copies: 3, messageId: 'mine' });
    const notifications = await target.untilPosted(3);
    expect(messageId).toBe('mine');
    expect(new Set(notifications.map(({ envelope }) => envelope.MessageId))).toEqual(new Set(['mine']));
    await pending.untilPosted(1, 'SubscriptionConfirmation');
    expect(pending.posted).toHaveLength(1);
  });

  it('are signed for nobody on request, confirmations too', async () => {
    const { endpoint: ses, control } = await useSes();
    const target = await endpoint();
    const topicArn = await subscribedTopic(ses, target);
    const timestamp = '2026-01-02T03:04:05.000Z';
    const notification = JSON.parse(
      await control.sign({ topicArn, message: 'hello', timestamp, signatureVersion: '2' }),
    );
    expect(notification).toMatchObject({ Type: 'Notification', SignatureVersion: '2', Timestamp: timestamp });
    const asked = {
      type: 'SubscriptionConfirmation' as const,
      topicArn: 'arn:aws:sns:eu-west-1:1:other',
      message: 'x',
    };
    const confirmation = JSON.parse(await control.sign({ ...asked, token: 'secret' }));
    expect(confirmation).toMatchObject({ Token: 'secret', SubscribeURL: expect.stringContaining('Token=secret') });
    for (const envelope of [notification, confirmation]) expect(await isGenuine(envelope)).toBe(true);
    expect(target.posted.filter(({ envelope }) => envelope.Type === 'Notification')).toEqual([]);
  });
});

describe('deliveries of the local SNS', () => {
  it('are tried again, as the same notification, until they are taken', async () => {
    const statuses = [503, 500, 429, 302];
    const { endpoint: ses, control } = await useSes();
    const target = await endpoint(({ envelope }) =>
      envelope.Type === 'Notification' ? (statuses.shift() ?? 204) : 200,
    );
    const deliveryPolicy = JSON.stringify({ http: { defaultHealthyRetryPolicy: { numRetries: 5 } } });
    const topicArn = await subscribedTopic(ses, target, { DeliveryPolicy: deliveryPolicy });
    await control.publish({ topicArn, message: 'hello' });
    const notifications = await target.untilPosted(5);
    expect(new Set(notifications.map(({ body }) => body)).size).toBe(1);
    await until(async () => (await control.deliveries(topicArn)).waiting === 0);
    expect(await control.deliveries(topicArn)).toMatchObject({ delivered: 2, givenUp: 0, attempts: 6 });
  });

  it('are given up after three more attempts, or by the policy of the topic or of the subscription', async () => {
    const { endpoint: ses, control } = await useSes();
    const target = await endpoint(({ envelope }) => (envelope.Type === 'Notification' ? 503 : 200));
    const TopicArn = await subscribedTopic(ses, target);
    const sns = snsSdk(ses);
    const { Subscriptions } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }));
    const SubscriptionArn = Subscriptions?.[0]?.SubscriptionArn;
    const untilGivenUp = async (count: number) => {
      await control.publish({ topicArn: TopicArn, message: `number ${count}` });
      const { last } = await until(async () => {
        const deliveries = await control.deliveries(TopicArn);
        return deliveries.givenUp === count ? deliveries : undefined;
      });
      return last.at(-1);
    };
    expect(await untilGivenUp(1)).toMatchObject({ attempts: 4, outcome: 'given-up', reason: '503' });
    const AttributeName = 'DeliveryPolicy';
    let AttributeValue = '{"http":{"defaultHealthyRetryPolicy":{"numRetries":1}}}';
    await sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName, AttributeValue }));
    expect(await untilGivenUp(2)).toMatchObject({ attempts: 2 });
    AttributeValue = '{"healthyRetryPolicy":{"numRetries":0}}';
    await sns.send(new SetSubscriptionAttributesCommand({ SubscriptionArn, AttributeName, AttributeValue }));
    expect(await untilGivenUp(3)).toMatchObject({ attempts: 1 });
  });

  it('are given up at once where the endpoint refuses them, or nobody wants them any more', async () => {
    const { endpoint: ses, control } = await useSes();
    const target = await endpoint(({ envelope }) => (envelope.Message === 'forbidden' ? 403 : 503));
    const sns = snsSdk(ses);
    await control.changeAccount('AKIATEST', { snsPauseScale: 0 });
    const longest = JSON.stringify({
      http: { defaultHealthyRetryPolicy: { minDelayTarget: 1, maxDelayTarget: 1, numRetries: 100 } },
    });
    const TopicArn = await subscribedTopic(ses, target, { DeliveryPolicy: longest });
    await until(async () => (await control.deliveries(TopicArn)).waiting === 0, 20_000);
    await control.publish({ topicArn: TopicArn, message: 'forbidden' });
    const last = await until(async () => {
      const deliveries = await control.deliveries(TopicArn);
      return deliveries.last.find(({ reason }) => reason === '403');
    });
    expect(last).toMatchObject({ attempts: 1, outcome: 'given-up' });

    await control.changeAccount('AKIATEST', { snsPauseScale: 0.1 });
    await control.publish({ topicArn: TopicArn, message: 'try again' });
    await target.untilPosted(2);
    const { Subscriptions } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }));
    await sns.send(new UnsubscribeCommand({ SubscriptionArn: Subscriptions?.[0]?.SubscriptionArn }));
    await until(async () => (await control.deliveries(TopicArn)).last.at(-1)?.reason === 'Not subscribed any more');
  });

  it('are under way to one endpoint a few at a time, and wait for no other', async () => {
    const { endpoint: ses, control } = await useSes();
    const silent = await endpoint(({ envelope }) => (envelope.Type === 'Notification' ? undefined : 200));
    const topicArn = await subscribedTopic(ses, silent);
    const quick = await endpoint();
    const sns = snsSdk(ses);
    await sns.send(new SubscribeCommand({ TopicArn: topicArn, Protocol: 'http', Endpoint: quick.url }));
    const [confirmation] = await quick.untilPosted(1, 'SubscriptionConfirmation');
    await sns.send(new ConfirmSubscriptionCommand({ TopicArn: topicArn, Token: confirmation?.envelope.Token }));
    await control.changeAccount('AKIATEST', { snsConcurrency: 3 });
    await control.publish({ topicArn, message: 'many', copies: 20 });
    expect(await quick.untilPosted(20)).toHaveLength(20);
    expect(await silent.untilPosted(3)).toHaveLength(3);
    expect(await control.deliveries(topicArn)).toMatchObject({ waiting: 20 });
  });

  it('hold no more than there is room for, and count what had none', async () => {
    const { endpoint: ses, control } = await useSes({ maxNotifications: 2 });
    const silent = await endpoint(({ envelope }) => (envelope.Type === 'Notification' ? undefined : 200));
    const topicArn = await subscribedTopic(ses, silent);
    await control.publish({ topicArn, message: 'many', copies: 5 });
    const deliveries = await control.deliveries(topicArn);
    expect(deliveries).toMatchObject({ waiting: 2, givenUp: 3 });
    expect(deliveries.last.at(-1)).toMatchObject({ attempts: 0, outcome: 'given-up', reason: 'No room' });
    expect(await control.deliveries('arn:aws:sns:us-east-1:1:other')).toMatchObject({ waiting: 0, last: [] });
  });
});

describe('the pauses of a delivery policy', () => {
  const pausesOf = (policy: object) =>
    deliveryPolicyOf({
      topic: {
        attributes: new Map([['DeliveryPolicy', JSON.stringify({ http: { defaultHealthyRetryPolicy: policy } })]]),
      },
      attributes: new Map(),
    } as unknown as Subscription).pauses;

  it('are 20 s three times without one', () => {
    expect(pausesOf({})).toEqual([20, 20, 20]);
  });

  it('go through the phases of SNS', () => {
    const policy = { minDelayTarget: 1, maxDelayTarget: 10, numRetries: 9 };
    const phases = { numNoDelayRetries: 2, numMinDelayRetries: 1, numMaxDelayRetries: 2 };
    expect(pausesOf({ ...policy, ...phases })).toEqual([0, 0, 1, 1, 4, 7, 10, 10, 10]);
  });

  it.each(['arithmetic', 'geometric', 'exponential'])('grow from the least to the greatest, %s', (backoffFunction) => {
    const pauses = pausesOf({ minDelayTarget: 2, maxDelayTarget: 100, numRetries: 10, backoffFunction });
    expect(pauses[0]).toBe(2);
    expect(pauses.at(-1)).toBeCloseTo(100);
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
  });
});
