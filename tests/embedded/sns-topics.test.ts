import {
  ConfirmSubscriptionCommand,
  CreateTopicCommand,
  DeleteTopicCommand,
  GetSubscriptionAttributesCommand,
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  SetSubscriptionAttributesCommand,
  SetTopicAttributesCommand,
  SubscribeCommand,
  type SubscribeCommandInput,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import { describe, expect, it } from 'vitest';
import { failureOf, useSes } from './ses-client.js';
import { arnOf, endpoint, sesPolicy, snsSdk, subscribedTopic } from './sns-client.js';

const TopicArn = arnOf('events');

async function withTopic() {
  const { endpoint: ses, control } = await useSes();
  const sns = snsSdk(ses);
  await sns.send(new CreateTopicCommand({ Name: 'events' }));
  const list = async () => (await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }))).Subscriptions ?? [];
  const attributes = async () => (await sns.send(new GetTopicAttributesCommand({ TopicArn }))).Attributes ?? {};
  const set = (AttributeName: string, AttributeValue: string) =>
    sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName, AttributeValue }));
  return { ses, control, sns, list, attributes, set };
}

describe('topics of the local SNS', () => {
  it('are made once, whatever the number of calls', async () => {
    const { sns } = await withTopic();
    expect(await sns.send(new CreateTopicCommand({ Name: 'events' }))).toMatchObject({ TopicArn });
    const other = new CreateTopicCommand({ Name: 'events', Attributes: { SignatureVersion: '2' } });
    expect(await failureOf(sns.send(other))).toMatchObject({ name: 'InvalidParameterException' });
    const wrong = new CreateTopicCommand({ Name: 'two words' });
    expect(await failureOf(sns.send(wrong))).toMatchObject({ name: 'InvalidParameterException' });
  });

  it('show their attributes, and take those that SNS takes', async () => {
    const { attributes, set } = await withTopic();
    expect(await attributes()).toMatchObject({
      TopicArn,
      Owner: TopicArn.split(':')[4],
      SubscriptionsConfirmed: '0',
      Policy: expect.stringContaining('__default_policy_ID'),
    });
    const policy = sesPolicy(TopicArn);
    const deliveryPolicy = JSON.stringify({
      http: { defaultHealthyRetryPolicy: { minDelayTarget: 1, maxDelayTarget: 60, numRetries: 50 } },
    });
    await set('Policy', policy);
    await set('DeliveryPolicy', deliveryPolicy);
    await set('SignatureVersion', '2');
    expect(await attributes()).toMatchObject({
      Policy: policy,
      DeliveryPolicy: deliveryPolicy,
      SignatureVersion: '2',
      EffectiveDeliveryPolicy: expect.stringContaining('"numRetries":50'),
    });
  });

  it.each([
    ['Policy', '{"Statement":"anything"}'],
    ['Policy', 'no JSON'],
    ['SignatureVersion', '3'],
    ['DeliveryPolicy', '{"http":{"defaultHealthyRetryPolicy":{"numRetries":101}}}'],
    ['DeliveryPolicy', '{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":60,"maxDelayTarget":20}}}'],
    // 100 times 40 s are more than SNS's hard limit of 3,600 s.
    [
      'DeliveryPolicy',
      '{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":40,"maxDelayTarget":40,"numRetries":100}}}',
    ],
    ['Nonsense', 'x'],
  ])('refuse the %s %s', async (name, value) => {
    const { set, attributes } = await withTopic();
    const before = await attributes();
    expect(await failureOf(set(name, value))).toMatchObject({ name: 'InvalidParameterException' });
    expect(await attributes()).toEqual(before);
  });

  it('are not found when they are gone, and not shown to another account', async () => {
    const { ses, sns } = await withTopic();
    const get = new GetTopicAttributesCommand({ TopicArn });
    expect(await failureOf(snsSdk(ses, 'AKIAOTHER').send(get))).toMatchObject({ name: 'AuthorizationErrorException' });
    await snsSdk(ses, 'AKIAOTHER').send(new DeleteTopicCommand({ TopicArn }));
    await sns.send(get);
    await sns.send(new DeleteTopicCommand({ TopicArn }));
    await sns.send(new DeleteTopicCommand({ TopicArn }));
    expect(await failureOf(sns.send(get))).toMatchObject({ name: 'NotFoundException' });
    const noArn = new GetTopicAttributesCommand({ TopicArn: 'events' });
    expect(await failureOf(sns.send(noArn))).toMatchObject({ name: 'InvalidParameterException' });
  });
});

describe('subscriptions of the local SNS', () => {
  it('are pending until their endpoint opens the link that it got', async () => {
    const { sns, list, attributes } = await withTopic();
    const target = await endpoint();
    const subscribe = new SubscribeCommand({ TopicArn, Protocol: 'http', Endpoint: target.url });
    expect(await sns.send(subscribe)).toMatchObject({ SubscriptionArn: 'pending confirmation' });
    expect(await list()).toMatchObject([{ SubscriptionArn: 'PendingConfirmation', Endpoint: target.url }]);
    expect(await attributes()).toMatchObject({ SubscriptionsPending: '1', SubscriptionsConfirmed: '0' });

    const [confirmation] = await target.untilPosted(1, 'SubscriptionConfirmation');
    const { SubscribeURL = '', Token } = confirmation?.envelope ?? {};
    expect(confirmation?.envelope).toMatchObject({ Type: 'SubscriptionConfirmation', TopicArn });
    expect(SubscribeURL).toContain(`Token=${Token}`);
    const wrong = await fetch(SubscribeURL.replace(/Token=./, 'Token=z'));
    expect(wrong.status).toBe(400);
    const opened = await fetch(SubscribeURL);
    expect(opened.status).toBe(200);
    const [subscription] = await list();
    expect(await opened.text()).toContain(`<SubscriptionArn>${subscription?.SubscriptionArn}</SubscriptionArn>`);
    expect(await attributes()).toMatchObject({ SubscriptionsPending: '0', SubscriptionsConfirmed: '1' });
    expect(await sns.send(subscribe)).toMatchObject({ SubscriptionArn: subscription?.SubscriptionArn });
  });

  it('are asked again while they are pending, and are still one', async () => {
    const { sns, list } = await withTopic();
    const target = await endpoint();
    const request = { TopicArn, Protocol: 'http', Endpoint: target.url, ReturnSubscriptionArn: true };
    const first = await sns.send(new SubscribeCommand(request));
    const second = await sns.send(new SubscribeCommand(request));
    expect(second.SubscriptionArn).toBe(first.SubscriptionArn);
    await target.untilPosted(2, 'SubscriptionConfirmation');
    expect(await list()).toHaveLength(1);
    const { SubscriptionArn } = first;
    const { Attributes } = await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
    expect(Attributes).toMatchObject({ PendingConfirmation: 'true', Endpoint: target.url, TopicArn });
  });

  it('are confirmed by the call as well, which a wrong token does not', async () => {
    const { sns, list } = await withTopic();
    const target = await endpoint();
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'http', Endpoint: target.url }));
    const [confirmation] = await target.untilPosted(1, 'SubscriptionConfirmation');
    const confirm = (Token = '') => sns.send(new ConfirmSubscriptionCommand({ TopicArn, Token }));
    expect(await failureOf(confirm('wrong'))).toMatchObject({ name: 'InvalidParameterException' });
    const { SubscriptionArn } = await confirm(confirmation?.envelope.Token);
    expect(await list()).toMatchObject([{ SubscriptionArn }]);
  });

  it('take http and https, an address of that protocol, and no policy that SNS refuses', async () => {
    const { sns } = await withTopic();
    const wrong: Omit<SubscribeCommandInput, 'TopicArn'>[] = [
      { Protocol: 'email', Endpoint: 'a@example.net' },
      { Protocol: 'https', Endpoint: 'http://example.net/' },
      { Protocol: 'http', Endpoint: 'nowhere' },
      { Protocol: 'http', Endpoint: 'http://example.net/', Attributes: { DeliveryPolicy: '{}x' } },
      { Protocol: 'http', Endpoint: 'http://example.net/', Attributes: { FilterPolicy: '{}' } },
    ];
    for (const request of wrong) {
      const call = sns.send(new SubscribeCommand({ TopicArn, ...request }));
      expect(await failureOf(call)).toMatchObject({ name: 'InvalidParameterException' });
    }
    const missing = sns.send(
      new SubscribeCommand({ TopicArn: arnOf('other'), Protocol: 'https', Endpoint: 'https://a.example' }),
    );
    expect(await failureOf(missing)).toMatchObject({ name: 'NotFoundException' });
  });

  it('change their attributes', async () => {
    const { ses, sns, list } = await withTopic();
    const target = await endpoint();
    await sns.send(new DeleteTopicCommand({ TopicArn }));
    await subscribedTopic(ses, target);
    const [{ SubscriptionArn } = {}] = await list();
    const set = (AttributeName: string, AttributeValue: string) =>
      sns.send(new SetSubscriptionAttributesCommand({ SubscriptionArn, AttributeName, AttributeValue }));
    await set('RawMessageDelivery', 'true');
    await set('DeliveryPolicy', '{"healthyRetryPolicy":{"numRetries":5}}');
    const { Attributes } = await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
    expect(Attributes).toMatchObject({ RawMessageDelivery: 'true', PendingConfirmation: 'false' });
    expect(await failureOf(set('RawMessageDelivery', 'perhaps'))).toMatchObject({ name: 'InvalidParameterException' });
  });

  it('end by the call', async () => {
    const { ses, sns, list, attributes } = await withTopic();
    const target = await endpoint();
    await sns.send(new DeleteTopicCommand({ TopicArn }));
    await subscribedTopic(ses, target);
    const [{ SubscriptionArn } = {}] = await list();
    await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
    await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
    expect(await list()).toEqual([]);
    expect(await attributes()).toMatchObject({ SubscriptionsConfirmed: '0', SubscriptionsDeleted: '1' });
    const get = new GetSubscriptionAttributesCommand({ SubscriptionArn });
    expect(await failureOf(sns.send(get))).toMatchObject({ name: 'NotFoundException' });
  });

  it('end by the link in a notification, and come back by the one that is then posted', async () => {
    const { ses, control, sns, list } = await withTopic();
    const target = await endpoint();
    await sns.send(new DeleteTopicCommand({ TopicArn }));
    await subscribedTopic(ses, target);
    await control.publish({ topicArn: TopicArn, message: 'first' });
    const [notification] = await target.untilPosted(1);
    await fetch(notification?.envelope.UnsubscribeURL ?? '');
    expect(await list()).toEqual([]);
    const [goodbye] = await target.untilPosted(1, 'UnsubscribeConfirmation');
    await fetch(goodbye?.envelope.SubscribeURL ?? '');
    expect(await list()).toHaveLength(1);
    await control.publish({ topicArn: TopicArn, message: 'second' });
    expect((await target.untilPosted(2))[1]?.envelope).toMatchObject({ Message: 'second' });
  });

  it('do not end by the link where they were confirmed with authentication', async () => {
    const { control, sns, list } = await withTopic();
    const target = await endpoint();
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'http', Endpoint: target.url }));
    const [confirmation] = await target.untilPosted(1, 'SubscriptionConfirmation');
    const Token = confirmation?.envelope.Token;
    await sns.send(new ConfirmSubscriptionCommand({ TopicArn, Token, AuthenticateOnUnsubscribe: 'true' }));
    await control.publish({ topicArn: TopicArn, message: 'first' });
    const [notification] = await target.untilPosted(1);
    const opened = await fetch(notification?.envelope.UnsubscribeURL ?? '');
    expect(opened.status).toBe(403);
    expect(await list()).toHaveLength(1);
  });
});
