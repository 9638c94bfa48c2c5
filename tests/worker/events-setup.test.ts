import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createApp } from '../../src/app.js';
import { DeliveryModel } from '../../src/models/delivery.js';
import { EventModel } from '../../src/models/event.js';
import { useHub } from '../support/hub.js';
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
    return now.status === 'confirmed' ? now : undefined;
  });

describe('events-setup', () => {
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

  it('hears on from SES when its URL was replaced', async () => {
    const who = await sender();
    await as(who, 'post', PATH);
    const before = await confirmed(who);
    const { eventsSetup } = await as(who, 'post', `${PATH}/rotate`);
    expect(eventsSetup.inboundUrl).not.toBe(before.inboundUrl);
    await confirmed(who);
    startWorkers();
    const id = await launched(who, [{ email: `success+${who.businessId}@simulator.amazonses.com` }]);
    await until(async () => (await statesOf(who, id)).delivered === 1);
    await until(async () => (await ses().deliveries(before.topicArn)).waiting === 0);
  });
});
