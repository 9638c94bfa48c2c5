import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Received, startReceiver } from '../../scripts/support/receiver.js';
import { BusinessModel } from '../../src/models/business.js';
import { EventModel } from '../../src/models/event.js';
import { WebhookAttemptModel } from '../../src/models/webhook-attempt.js';
import { WebhookDeliveryModel } from '../../src/models/webhook-delivery.js';
import { WebhookEndpointModel } from '../../src/models/webhook-endpoint.js';
import { startWorkers } from '../../src/queue/workers.js';
import { GIVE_UP_MS } from '../../src/webhooks/retries.js';
import { tellAdmins } from '../../src/webhooks/tell-admins.js';
import { apiKey, register } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { as, launched, people, sender, untilCampaign } from '../support/sending.js';
import { mailTo } from '../support/system-mail.js';
import { until } from '../support/until.js';
import { attemptsOf, happen, hook, shown } from '../support/webhooks.js';

const receiver = await startReceiver();
Object.assign(process.env, { WEBHOOK_ALLOWED_TARGETS: receiver.target, WEBHOOK_RETRY_SCALE: '0.001' });

useHub();

/** One worker for the file; what needs none of it is in `webhook-queue.test.ts`. */
let workers: ReturnType<typeof startWorkers>;
beforeAll(() => {
  workers = startWorkers();
});
afterAll(() => workers.close());

// What still waits is nobody's business in the next test.
afterEach(async () => {
  await WebhookEndpointModel.deleteMany({});
});

const one = (path: string, count = 1) =>
  until(() => (receiver.of(path).length >= count ? receiver.of(path) : undefined));
const waiting = async (endpoint: string) => WebhookDeliveryModel.countDocuments({ endpoint, status: 'pending' });
const settled = (endpoint: string) => until(async () => (await waiting(endpoint)) === 0);

/** Standard Webhooks, "Signature scheme", by hand. */
function byHand({ headers, body }: Received, secret: string): string {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}

describe('an event', () => {
  it('is posted once to each webhook that wants its type, signed as Standard Webhooks says', async () => {
    const who = await register();
    const wants = await hook(who, receiver.url('/wants'), { types: ['email.bounced'] });
    const all = await hook(who, receiver.url('/all'));
    await hook(who, receiver.url('/other'), { types: ['campaign.completed'] });
    await hook(who, receiver.url('/off'), { isActive: false });
    await hook(await register(), receiver.url('/stranger'));
    const [id] = await happen(who);
    const [message] = (await one('/wants')) as [Received];
    await one('/all');
    await settled(wants.id);
    await settled(all.id);

    expect(message.id).toBe(id);
    expect(message.headers['content-type']).toBe('application/json');
    expect(new Webhook(wants.secret).verify(message.body, message.headers as Record<string, string>)).toMatchObject({
      type: 'email.bounced',
      data: { eventId: id, businessId: who.businessId, email: 'p0@people.test', bounceType: 'Permanent' },
    });
    expect(message.headers['webhook-signature']).toBe(byHand(message, wants.secret));
    const posted = receiver.received.map(({ path }) => path).filter((path) => !path.startsWith('/t'));
    expect(posted.sort()).toEqual(['/all', '/wants']);
    expect(await attemptsOf(who, wants)).toEqual([
      expect.objectContaining({ eventId: id, status: 'succeeded', cause: 'event', number: 1, httpStatus: 200 }),
    ]);
    expect((await shown(who, wants)).health).toMatchObject({ waiting: 0, failingSince: null, lastFailureAt: null });
  });

  it('of a single message names it and its tags, also where a test key sent it', async () => {
    const who = await register();
    const key = await apiKey(who, ['send_transactional'], 'test');
    await hook(who, receiver.url('/tagged'), { types: ['email.delivered'] });
    const message = { from: 'a@b.test', to: 'ann@example.com', subject: 'Order', text: 'Thanks', tags: { order: '7' } };
    const { body } = await api().post('/api/emails').set('X-API-Key', key).send(message);
    const [posted] = (await one('/tagged')) as [Received];
    expect(JSON.parse(posted.body).data).toMatchObject({
      emailId: body.email.id,
      deliveryId: body.email.recipients[0].id,
      email: 'ann@example.com',
      tags: { order: '7' },
      isTest: true,
    });
  });

  it('comes from campaigns and from businesses as from SES', async () => {
    const who = await sender();
    const { id } = await hook(who, receiver.url('/campaign'), { types: ['campaign.started', 'campaign.completed'] });
    const campaign = await launched(who, people(3));
    await untilCampaign(who, campaign, 'sent');
    const messages = await one('/campaign', 2);
    await settled(id);
    const told = messages.map(({ body }) => JSON.parse(body));
    expect(told.map(({ type }) => type).sort()).toEqual(['campaign.completed', 'campaign.started']);
    expect(told.find(({ type }) => type === 'campaign.completed').data).toMatchObject({
      campaignId: campaign,
      sent: 3,
      failed: 0,
    });
  });
});

describe('a receiver that fails', () => {
  it.each([
    ['an error', 500, 'status'],
    ['a redirect', 302, 'status'],
  ] as const)('by %s gets the same event again, with the same id', async (_what, status, error) => {
    const who = await register();
    const path = `/fails-${status}`;
    const made = await hook(who, receiver.url(path));
    let tries = 0;
    receiver.answers(path, (_message, response) => {
      tries += 1;
      if (tries > 2) return 204;
      response.writeHead(status, { location: receiver.url('/elsewhere') }).end(`no ${'x'.repeat(100_000)}`);
      return undefined;
    });
    const [id] = await happen(who);
    const messages = await one(path, 3);
    await settled(made.id);
    expect(messages.map((message) => message.id)).toEqual([id, id, id]);
    expect(receiver.of('/elsewhere')).toEqual([]);
    const [third, second, first] = await attemptsOf(who, made);
    expect(first).toMatchObject({ status: 'failed', cause: 'event', number: 1, httpStatus: status, error });
    expect(first.responseBody).toHaveLength(1_000);
    expect(second).toMatchObject({ status: 'failed', cause: 'retry', number: 2 });
    expect(third).toMatchObject({ status: 'succeeded', cause: 'retry', number: 3, httpStatus: 204, nextAt: null });
    expect(Date.parse(first.nextAt)).toBeLessThanOrEqual(Date.parse(second.at));
    expect((await shown(who, made)).health).toMatchObject({ failingSince: null, lastFailure: expect.any(String) });
  });

  it('by being away gets what it missed when it is back', async () => {
    const who = await register();
    const made = await hook(who, receiver.url('/away'));
    await receiver.down();
    const ids = await happen(who, { count: 5 });
    await until(async () => (await WebhookAttemptModel.countDocuments({ endpoint: made.id })) >= 5);
    // It is noted after the attempts.
    const during = await until(async () => {
      const now = await shown(who, made);
      return now.health.failingSince ? now : undefined;
    });
    await receiver.up();
    await settled(made.id);
    expect(during.health).toMatchObject({ waiting: 5, lastFailure: 'No answer: ECONNREFUSED' });
    const got = new Set(receiver.of('/away').map((message) => message.id));
    expect([...got].sort()).toEqual([...ids].sort());
    const [first] = (await attemptsOf(who, made)).slice(-1);
    expect(first).toMatchObject({ error: 'connection', httpStatus: null, message: 'No answer: ECONNREFUSED' });
  });

  it('by answering 410 is switched off at once, and its business’s admins are told once', async () => {
    const who = await register();
    const made = await hook(who, receiver.url('/gone'));
    receiver.answers('/gone', () => 410);
    await happen(who);
    await until(async () => !(await shown(who, made)).isActive);
    expect(await shown(who, made)).toMatchObject({ disabled: { reason: 'gone' }, health: { waiting: 1 } });
    const [mail] = await until(async () => {
      const mails = await mailTo(who.email);
      return mails.length > 0 ? mails : undefined;
    });
    await WebhookEndpointModel.updateOne({ _id: made.id }, { $set: { 'disabled.isUntold': true } });
    await Promise.all([tellAdmins(), tellAdmins()]);
    expect(mail?.subject).toContain('is switched off');
    expect(mail?.text).toContain('it answered 410');
    expect(await mailTo(who.email)).toHaveLength(1);
  });

  it('for five days is switched off, and goes on with what waited when it is switched on again', async () => {
    const who = await register();
    const made = await hook(who, receiver.url('/five-days'));
    receiver.answers('/five-days', () => 503);
    await happen(who);
    await until(async () => (await shown(who, made)).health.failingSince);
    expect((await shown(who, made)).isActive).toBe(true);
    await WebhookEndpointModel.updateOne(
      { _id: made.id },
      { $set: { failingSince: new Date(Date.now() - GIVE_UP_MS) } },
    );
    await happen(who);
    await until(async () => !(await shown(who, made)).isActive);
    expect(await shown(who, made)).toMatchObject({ disabled: { reason: 'failing' } });
    const before = receiver.of('/five-days').length;
    // While it is off nothing is marked for it.
    await happen(who);
    expect(await EventModel.countDocuments({ business: who.businessId, fanOut: true })).toBe(0);

    receiver.answers('/five-days', () => 200);
    await WebhookDeliveryModel.updateMany({ endpoint: made.id }, { $set: { dueAt: new Date() } });
    await as(who, 'patch', `/api/webhooks/${made.id}`, { isActive: true });
    await settled(made.id);
    expect(receiver.of('/five-days').length).toBeGreaterThan(before);
    expect(await shown(who, made)).toMatchObject({ isActive: true, disabled: null, health: { failingSince: null } });
  });

  it('is given up after the eighth try, and shown as failed', async () => {
    const who = await register();
    const made = await hook(who, receiver.url('/never'));
    receiver.answers('/never', () => 500);
    await happen(who);
    // The pauses are a thousandth, and still 36 s for the last.
    await until(() => WebhookDeliveryModel.exists({ endpoint: made.id }));
    await until(async () => {
      await WebhookDeliveryModel.updateOne(
        { endpoint: made.id, status: 'pending', claim: { $exists: false } },
        { $set: { dueAt: new Date() } },
      );
      return (await waiting(made.id)) === 0;
    });
    expect(await WebhookDeliveryModel.findOne({ endpoint: made.id }).lean()).toMatchObject({
      status: 'failed',
      attempts: 8,
    });
    const [last] = await attemptsOf(who, made);
    expect(last).toMatchObject({ status: 'failed', number: 8, nextAt: null });
  });
});

describe('a webhook that never answers', () => {
  it('delays no other one', async () => {
    const who = await register();
    const hanging = await hook(who, receiver.url('/hangs'));
    const dead = await Promise.all(
      Array.from({ length: 6 }, (_, n) => hook(who, receiver.url(`/hangs-${n}`), { types: ['email.bounced'] })),
    );
    for (const path of ['/hangs', ...dead.map((_, n) => `/hangs-${n}`)]) receiver.answers(path, () => undefined);
    await hook(who, receiver.url('/quick'));
    const began = Date.now();
    await happen(who, { count: 60 });
    const messages = await one('/quick', 60);
    expect(Math.max(...messages.map(({ at }) => at)) - began).toBeLessThan(5_000);
    expect(receiver.of('/hangs').length).toBeLessThanOrEqual(8);
    expect(await waiting(hanging.id)).toBe(60);
  });
});

describe('what a person asks for', () => {
  it('redelivers the event of an attempt, with the same id', async () => {
    const who = await register();
    const made = await hook(who, receiver.url('/again'));
    const [id] = await happen(who);
    await one('/again');
    await settled(made.id);
    const [first] = await attemptsOf(who, made);
    const path = `/api/webhooks/${made.id}/attempts/${first.id}/redeliver`;
    expect((await as(who, 'post', path, undefined, 202)).delivery).toEqual({
      eventId: id,
      type: 'email.bounced',
      status: 'pending',
    });
    const messages = await one('/again', 2);
    await settled(made.id);
    expect(messages.map((message) => message.id)).toEqual([id, id]);
    expect((await attemptsOf(who, made))[0]).toMatchObject({ cause: 'redelivery', number: 1, status: 'succeeded' });
  });

  it('replays the log of a time, page by page, each event once', async () => {
    const who = await register();
    const made = await hook(who, receiver.url('/replay'), { types: ['email.bounced', 'email.opened'] });
    await as(who, 'patch', `/api/webhooks/${made.id}`, { isActive: false });
    const at = (minutes: number) => new Date(Date.now() - minutes * 60_000);
    await happen(who, { at: at(90), count: 2 });
    const missed = await happen(who, { at: at(40), count: 1_201 });
    await happen(who, { at: at(40), type: 'email.clicked' });
    await happen(who, { at: at(10), count: 2 });
    await happen(who, { at: at(40), type: 'email.opened' });
    await as(who, 'patch', `/api/webhooks/${made.id}`, { isActive: true });
    const range = { from: at(60).toISOString(), to: at(20).toISOString(), types: ['email.bounced'] };
    const { webhook } = await as(who, 'post', `/api/webhooks/${made.id}/replay`, range, 202);
    expect(webhook.replay).toMatchObject({ status: 'running', queued: 0, types: ['email.bounced'] });
    expect((await as(who, 'post', `/api/webhooks/${made.id}/replay`, range, 409)).code).toBe('conflict');
    const done = await until(async () => {
      const { replay } = await shown(who, made);
      return replay.status === 'done' ? replay : undefined;
    });
    await settled(made.id);
    expect(done).toMatchObject({ queued: 1_201, finishedAt: expect.any(String) });
    expect(
      receiver
        .of('/replay')
        .map((message) => message.id)
        .sort(),
    ).toEqual([...missed].sort());
  });
});

describe('the events of a suspended business', () => {
  it('wait, and come when it is active again', async () => {
    const who = await register();
    const made = await hook(who, receiver.url('/suspended'));
    await hook(who, receiver.url('/suspended-2'));
    const other = await register();
    await hook(other, receiver.url('/not-suspended'));
    await BusinessModel.updateOne({ _id: who.businessId }, { $set: { status: 'suspended' } });
    await happen(who);
    await until(async () => (await waiting(made.id)) === 1);
    await happen(other);
    await one('/not-suspended');
    expect(receiver.of('/suspended')).toEqual([]);
    await BusinessModel.updateOne({ _id: who.businessId }, { $set: { status: 'active' } });
    await one('/suspended');
  });
});

describe('a secret that was rotated', () => {
  it('signs beside the new one until the overlap is over', async () => {
    const who = await register();
    const made = await hook(who, receiver.url('/rotated'));
    const rotate = async (body: object) =>
      (await as(who, 'post', `/api/webhooks/${made.id}/rotate-secret`, body, 201)).webhook;
    const { secret } = await rotate({});
    await happen(who);
    const [message] = (await one('/rotated')) as [Received];
    const headers = message.headers as Record<string, string>;
    expect(headers['webhook-signature']).toBe(`${byHand(message, secret)} ${byHand(message, made.secret)}`);
    expect(() => new Webhook(made.secret).verify(message.body, headers)).not.toThrow();
    expect(() => new Webhook(secret).verify(message.body, headers)).not.toThrow();

    const last = await rotate({ overlapHours: 0 });
    expect(last.previousSecretUntil).toBeNull();
    await happen(who);
    const [, next] = (await one('/rotated', 2)) as [Received, Received];
    expect(next.headers['webhook-signature']).toBe(byHand(next, last.secret));
  });
});
