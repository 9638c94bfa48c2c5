import { DescribeConfigurationSetCommand } from '@aws-sdk/client-ses';
import { GetTopicAttributesCommand } from '@aws-sdk/client-sns';
import { describe, expect, it } from 'vitest';
import { type Business, BusinessModel } from '../../src/models/business.js';
import { administer } from '../../src/ses/administration.js';
import { subscriptionsOf } from '../../src/ses/event-wiring.js';
import { apiKey, register } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { launched, people, type Sender, sender, ses, useWorkers } from '../support/sending.js';
import { startSubscriber } from '../support/sns-subscriber.js';
import { until } from '../support/until.js';

const subscriber = await startSubscriber();
process.env.PUBLIC_URL = subscriber.url;

useHub();
const startWorkers = useWorkers();

const PATH = '/api/business/events-setup';
const call = (who: { token: string }, method: 'get' | 'post' | 'put', path = '') =>
  api()[method](`${PATH}${path}`).auth(who.token, { type: 'bearer' });
const setUp = async (who: Sender) => (await call(who, 'post').expect(200)).body.eventsSetup;
const businessOf = ({ businessId }: Sender) => BusinessModel.findById(businessId).lean<Business>().orFail();
const inAccount = async <T>(who: Sender, ask: Parameters<typeof administer<T>>[1]) =>
  administer(await businessOf(who), ask);
const subscriptions = async (who: Sender, topicArn: string) =>
  (await inAccount(who, (account) => subscriptionsOf(account, topicArn))) ?? [];

describe('POST /api/business/events-setup', () => {
  it('makes configuration set, topic, subscription and destination in the account, and is confirmed', async () => {
    const who = await sender();
    const wired = await setUp(who);
    const name = `power-mta-hub-${who.businessId}`;
    expect(wired).toMatchObject({ status: 'confirmed', configurationSet: name, byHand: false });
    expect(wired.inboundUrl).toMatch(/\/api\/inbound\/ses\/[\w-]{43}$/);

    const [set, topic] = await Promise.all([
      inAccount(who, (account) =>
        account.ses((client) =>
          client.send(
            new DescribeConfigurationSetCommand({
              ConfigurationSetName: name,
              ConfigurationSetAttributeNames: ['eventDestinations'],
            }),
          ),
        ),
      ),
      inAccount(who, (account) =>
        account.sns((client) => client.send(new GetTopicAttributesCommand({ TopicArn: wired.topicArn }))),
      ),
    ]);
    expect(set?.EventDestinations).toMatchObject([
      {
        Enabled: true,
        MatchingEventTypes: ['send', 'reject', 'bounce', 'complaint', 'delivery', 'renderingFailure'],
        SNSDestination: { TopicARN: wired.topicArn },
      },
    ]);
    expect(topic?.Attributes).toMatchObject({ SignatureVersion: '2' });
    expect(JSON.parse(topic?.Attributes?.Policy ?? '').Statement).toMatchObject([
      { Principal: { Service: 'ses.amazonaws.com' }, Action: 'sns:Publish', Resource: wired.topicArn },
    ]);
    const { http } = JSON.parse(topic?.Attributes?.DeliveryPolicy ?? '');
    const { minDelayTarget, numMinDelayRetries, maxDelayTarget, numMaxDelayRetries } = http.defaultHealthyRetryPolicy;
    expect(minDelayTarget * numMinDelayRetries + maxDelayTarget * numMaxDelayRetries).toBe(3_600);
    expect(await subscriptions(who, wired.topicArn)).toMatchObject([{ endpoint: wired.inboundUrl }]);
  });

  it('may be repeated, and mends what was changed', async () => {
    const who = await sender();
    const first = await setUp(who);
    expect(await setUp(who)).toEqual(first);
    expect(await subscriptions(who, first.topicArn)).toHaveLength(1);
  });

  it('is confirmed where SNS has the subscription already, and asks for no confirmation', async () => {
    const who = await sender();
    const first = await setUp(who);
    const connect = (accessKeyId: string) =>
      api()
        .put('/api/business/ses')
        .auth(who.token, { type: 'bearer' })
        .send({ accessKeyId, secretAccessKey: 's', region: 'eu-west-1' })
        .expect(200);
    await connect(`${who.accessKeyId}X`);
    await connect(who.accessKeyId);
    expect(await setUp(who)).toMatchObject({ status: 'confirmed', topicArn: first.topicArn });
  });

  it.each([
    'ses:CreateConfigurationSet',
    'sns:CreateTopic',
    'sns:SetTopicAttributes',
    'sns:Subscribe',
    'ses:CreateConfigurationSetEventDestination',
  ])('says that %s is missing, and goes on from there when it is given', async (action) => {
    const who = await sender();
    await ses().changeAccount(who.accessKeyId, { deniedActions: [action] });
    const { body } = await call(who, 'post').expect(422);
    expect(body.missingPermission).toEqual({ Effect: 'Allow', Action: action, Resource: expect.any(String) });
    expect(body.message).toContain(action);
    await ses().changeAccount(who.accessKeyId, { deniedActions: [] });
    expect(await setUp(who)).toMatchObject({ status: 'confirmed' });
  });

  it('needs a connected account, and a person', async () => {
    const who = await register();
    expect((await call(who, 'post').expect(422)).body.code).toBe('ses_not_configured');
    const key = await apiKey(who, ['manage_settings']);
    for (const [method, path] of [
      ['post', ''],
      ['put', ''],
      ['post', '/rotate'],
    ] as const) {
      await api()[method](`${PATH}${path}`).set('X-API-Key', key).expect(403);
    }
  });
});

describe('GET /api/business/events-setup', () => {
  it('shows the URL to people, and never to a key', async () => {
    const who = await sender();
    expect((await call(who, 'get').expect(200)).body.eventsSetup).toMatchObject({ status: 'none', inboundUrl: null });
    const wired = await setUp(who);
    expect((await call(who, 'get').expect(200)).body.eventsSetup).toEqual(wired);
    const key = await apiKey(who, ['manage_settings']);
    const { body } = await api().get(PATH).set('X-API-Key', key).expect(200);
    expect(body.eventsSetup).toEqual({ ...wired, inboundUrl: null });
  });
});

describe('POST /api/business/events-setup/rotate', () => {
  it('makes a new URL, keeps the earlier for a day, and ends its subscription', async () => {
    const who = await sender();
    const wired = await setUp(who);
    const before = (await businessOf(who)).eventWiring;
    const { body } = await call(who, 'post', '/rotate').expect(200);
    expect(body.eventsSetup).toMatchObject({ status: 'confirmed', topicArn: wired.topicArn });
    expect(body.eventsSetup.inboundUrl).not.toBe(wired.inboundUrl);
    const { previous } = (await businessOf(who)).eventWiring ?? {};
    expect(previous?.tokenHash).toBe(before?.tokenHash);
    expect((previous?.until?.getTime() ?? 0) - Date.now()).toBeGreaterThan(23 * 3_600_000);
    expect(await subscriptions(who, wired.topicArn)).toMatchObject([{ endpoint: body.eventsSetup.inboundUrl }]);
  });

  it('takes the URL that SNS knows, however often it is replaced before SNS knows another', async () => {
    const who = await sender();
    await setUp(who);
    const known = (await businessOf(who)).eventWiring?.tokenHash;
    await ses().changeAccount(who.accessKeyId, { deniedActions: ['sns:Subscribe'] });
    for (let times = 0; times < 2; times += 1) await call(who, 'post', '/rotate').expect(422);
    expect((await businessOf(who)).eventWiring?.previous?.tokenHash).toBe(known);
    await ses().changeAccount(who.accessKeyId, { deniedActions: [] });
    const { body } = await call(who, 'post', '/rotate').expect(200);
    expect(body.eventsSetup.status).toBe('confirmed');
    expect((await businessOf(who)).eventWiring?.previous?.tokenHash).toBe(known);
  });

  it('answers 409 where nothing is wired', async () => {
    expect((await call(await sender(), 'post', '/rotate').expect(409)).body.code).toBe('conflict');
  });
});

describe('wiring by hand', () => {
  const made = { topicArn: 'arn:aws:sns:eu-west-1:123456789012:mine', configurationSet: 'mine' };

  it('stores what a person made, and gives him the URL', async () => {
    const who = await sender();
    const { body } = await call(who, 'put').send(made).expect(200);
    expect(body.eventsSetup).toMatchObject({ ...made, status: 'pending', byHand: true });
    expect(body.eventsSetup.inboundUrl).toMatch(/\/api\/inbound\/ses\//);
    const again = await call(who, 'put')
      .send({ ...made, configurationSet: 'other' })
      .expect(200);
    expect(again.body.eventsSetup.inboundUrl).toBe(body.eventsSetup.inboundUrl);
    const turned = await call(who, 'post', '/rotate').expect(200);
    expect(turned.body.eventsSetup.inboundUrl).not.toBe(body.eventsSetup.inboundUrl);
  });

  it('refuses what is no topic and no name', async () => {
    const { body } = await call(await sender(), 'put')
      .send({ topicArn: 'arn:x', configurationSet: 'a b' })
      .expect(422);
    expect(body.errors.map(({ path }: { path: string }) => path)).toEqual(['topicArn', 'configurationSet']);
  });

  it('is forgotten when another account is connected', async () => {
    const who = await sender();
    const wired = await setUp(who);
    const { body } = await api()
      .put('/api/business/ses')
      .auth(who.token, { type: 'bearer' })
      .send({ accessKeyId: `${who.accessKeyId}X`, secretAccessKey: 's', region: 'eu-west-1' });
    expect(body.success).toBe(true);
    const now = (await call(who, 'get').expect(200)).body.eventsSetup;
    expect(now).toMatchObject({ status: 'pending', topicArn: null, configurationSet: null });
    expect(now.inboundUrl).toBe(wired.inboundUrl);
  });
});

describe('a campaign', () => {
  it('goes out with the configuration set once it is confirmed, and its events come back', async () => {
    const who = await sender();
    const { configurationSet, topicArn } = await setUp(who);
    const id = await launched(who, people(1));
    startWorkers();
    const event = await until(() =>
      subscriber.notifications
        .filter((one) => one.TopicArn === topicArn && String(one.Message).startsWith('{'))
        .map((one) => JSON.parse(String(one.Message)))
        .find(({ eventType }) => eventType === 'Delivery'),
    );
    expect(event.mail.tags).toMatchObject({ pmh_campaign: [id], 'ses:configuration-set': [configurationSet] });
  });
});
