import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createApp } from '../../src/app.js';
import { DeliveryModel } from '../../src/models/delivery.js';
import { EventModel } from '../../src/models/event.js';
import { apiKey, connectSes } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { as, launched, type Sender, sender, ses, statesOf, untilCampaign, useWorkers } from '../support/sending.js';
import { until } from '../support/until.js';

let server: Server;

// SNS posts to the hub, so the hub listens; what the local SNS signs is believed. Before anything reads the configuration.
process.env.SNS_CERT_URL_PREFIX = inject('sesEndpoint');
beforeAll(async () => {
  server = createServer((req, res) => createApp()(req, res));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.env.PUBLIC_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

useHub();
const startWorkers = useWorkers();

const PATH = '/api/business/events-setup';
const setup = async (who: Sender) => (await as(who, 'get', PATH)).eventsSetup;
const confirmed = (who: Sender) =>
  until(async () => {
    const now = await setup(who);
    return now.state === 'confirmed' ? now : undefined;
  });

describe('events-setup', () => {
  it('makes all of it in the tenant’s account, once, and SNS’s confirmation comes back', async () => {
    const who = await sender();
    expect(await setup(who)).toMatchObject({ state: 'none', url: null });
    const { eventsSetup } = await as(who, 'post', PATH);
    expect(eventsSetup).toMatchObject({
      topicArn: expect.stringContaining(who.businessId),
      configurationSet: `power-mta-hub-${who.businessId}`,
    });
    const first = await confirmed(who);
    await as(who, 'post', PATH);
    expect(await confirmed(who)).toEqual(first);
  });

  it('goes the full circle: send, signed event, inbound URL, ledger, log and suppression', async () => {
    const who = await sender();
    await as(who, 'post', PATH);
    await confirmed(who);
    const at = (name: string) => `${name}+${who.businessId}@simulator.amazonses.com`;
    const names = ['success', 'bounce', 'complaint', 'suppressionlist', 'ooto'];
    startWorkers();
    const id = await launched(
      who,
      names.map((name) => ({ email: at(name) })),
    );
    await untilCampaign(who, id, 'sent');
    const ends = { delivered: 2, bounced: 2, complained: 1 };
    await until(async () => JSON.stringify(await statesOf(who, id)) === JSON.stringify(ends));
    await until(async () => (await EventModel.countDocuments({ campaign: id, type: /^email/ })) === 12);
    const { events } = await as(who, 'get', `/api/events?email=${encodeURIComponent(at('complaint'))}`);
    expect(events.map(({ type }: { type: string }) => type)).toEqual([
      'email.complained',
      'email.delivered',
      'email.sent',
    ]);
    const { suppressions } = await as(who, 'get', '/api/suppressions');
    expect(suppressions.map(({ email }: { email: string }) => email).sort()).toEqual(
      ['bounce', 'complaint', 'suppressionlist'].map(at),
    );
    // Nobody's reputation is at stake.
    expect(await DeliveryModel.countDocuments({ campaign: id, harm: { $exists: true } })).toBe(0);
    expect((await setup(who)).lastEventAt).not.toBeNull();
  });

  it('settles by itself what SES gave no clear answer to', async () => {
    const who = await sender();
    await as(who, 'post', PATH);
    await confirmed(who);
    startWorkers();
    const email = `doubtful@${who.businessId}.test`;
    await ses().fail({ kind: 'accept-then-drop', accessKeyId: who.accessKeyId, recipient: email, next: 1 });
    const id = await launched(who, [{ email }]);
    await until(async () => (await statesOf(who, id)).delivered === 1);
  });

  it('says which IAM statement is missing, and goes on where it stopped', async () => {
    const who = await sender();
    const denied = [
      'sns:CreateTopic',
      'sns:SetTopicAttributes',
      'ses:CreateConfigurationSet',
      'ses:CreateConfigurationSetEventDestination',
      'sns:Subscribe',
    ];
    for (const action of denied) {
      await ses().changeAccount(who.accessKeyId, { deniedActions: [action] });
      const refused = await as(who, 'post', PATH, undefined, 422);
      expect(refused).toMatchObject({
        code: 'validation_failed',
        missingStatement: { Effect: 'Allow', Action: [action] },
      });
    }
    await ses().changeAccount(who.accessKeyId, { deniedActions: [] });
    await as(who, 'post', PATH);
    await confirmed(who);
  });

  it('replaces the URL: the old one is taken for a day, its subscription ended', async () => {
    const who = await sender();
    await as(who, 'post', PATH);
    const before = await confirmed(who);
    const { eventsSetup } = await as(who, 'post', `${PATH}/rotate`);
    expect(eventsSetup.url).not.toBe(before.url);
    await confirmed(who);
    startWorkers();
    const id = await launched(who, [{ email: `success+${who.businessId}@simulator.amazonses.com` }]);
    await until(async () => (await statesOf(who, id)).delivered === 1);
    await until(async () => (await ses().deliveries(before.topicArn)).waiting === 0);
  });

  it('takes what was made by hand, in the region of SES only', async () => {
    const who = await sender();
    const topicArn = 'arn:aws:sns:eu-west-1:123456789012:by-hand';
    const put = (body: object) => api().put(PATH).auth(who.token, { type: 'bearer' }).send(body);
    const { body } = await put({ topicArn, configurationSet: 'mine' }).expect(200);
    expect(body.eventsSetup).toMatchObject({ state: 'pending', topicArn, configurationSet: 'mine' });
    expect(body.eventsSetup.url).toMatch(/\/api\/inbound\/ses\/[\w-]{43}$/);
    for (const wrong of [topicArn.replace('eu-west-1', 'us-east-1'), 'by-hand', `${topicArn}.fifo`]) {
      expect((await put({ topicArn: wrong }).expect(422)).body.errors[0].path).toBe('topicArn');
    }
  });

  it('forgets topic and configuration set when another SES account is connected, and keeps the URL', async () => {
    const who = await sender();
    await as(who, 'post', PATH);
    const before = await confirmed(who);
    await connectSes(who, who.accessKeyId);
    expect(await setup(who)).toMatchObject({ state: 'confirmed', topicArn: before.topicArn });
    await connectSes(who);
    expect(await setup(who)).toMatchObject({ state: 'none', topicArn: null, configurationSet: null, url: before.url });
  });

  it('shows the URL to no API key, and lets none change it', async () => {
    const who = await sender();
    await as(who, 'post', PATH);
    const key = await apiKey(who, ['manage_settings']);
    expect((await api().get(PATH).set('X-API-Key', key).expect(200)).body.eventsSetup.url).toBeNull();
    await api().post(PATH).set('X-API-Key', key).expect(403);
    await api().post(`${PATH}/rotate`).set('X-API-Key', key).expect(403);
    await api()
      .get(PATH)
      .set('X-API-Key', await apiKey(who, ['send_emails']))
      .expect(403);
  });
});
