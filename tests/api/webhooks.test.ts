import { Types } from 'mongoose';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { startReceiver } from '../../scripts/support/receiver.js';
import { EventModel } from '../../src/models/event.js';
import { type WebhookAttempt, WebhookAttemptModel } from '../../src/models/webhook-attempt.js';
import { WebhookDeliveryModel } from '../../src/models/webhook-delivery.js';
import { MAX_ENDPOINTS, WebhookEndpointModel } from '../../src/models/webhook-endpoint.js';
import type { Sealed } from '../../src/secrets.js';
import { fanOut } from '../../src/webhooks/fan-out.js';
import { openSecrets } from '../../src/webhooks/secrets.js';
import { apiKey, once, type Registered, register, unique } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { as } from '../support/sending.js';
import { attemptsOf, happen, hook, shown } from '../support/webhooks.js';

const receiver = await startReceiver();
process.env.WEBHOOK_ALLOWED_TARGETS = receiver.target;
process.env.DNS_SERVERS = '127.0.0.1:9';

useHub();

const bystander = once(register);
const url = 'https://whisky.example/hooks';

const call = (method: 'get' | 'post' | 'patch' | 'delete', path: string, token: string, body?: object) =>
  api()[method](`/api/webhooks${path}`).auth(token, { type: 'bearer' }).send(body);
const problems = (body: { errors: { path: string }[] }) => body.errors.map(({ path }) => path);

/** Attempts that were made, as a worker records them. @returns the last one. */
async function made(who: Registered, endpoint: string, rows: Partial<WebhookAttempt>[]) {
  const business = new Types.ObjectId(who.businessId);
  const attempts = rows.map((row) => ({
    ...{ business, endpoint: new Types.ObjectId(endpoint), event: new Types.ObjectId(), type: 'email.bounced', url },
    ...{ cause: 'event', number: 1, status: 'succeeded', at: new Date(), durationMs: 3, ...row },
    _id: new Types.ObjectId(),
  }));
  await WebhookAttemptModel.collection.insertMany(attempts);
  return { _id: attempts.at(-1)?._id };
}

describe('POST /api/webhooks', () => {
  it('shows the secret once, and keeps it sealed', async () => {
    const who = await register();
    const { body } = await call('post', '', who.token, { name: 'Whisky', url, description: 'Orders' }).expect(201);
    expect(body.webhook).toMatchObject({
      ...{ name: 'Whisky', url, description: 'Orders', types: [], isActive: true, disabled: null, replay: null },
      health: { waiting: 0, failingSince: null, lastSuccessAt: null, lastFailureAt: null, lastFailure: null },
      secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
    });
    const stored = JSON.stringify(await WebhookEndpointModel.findById(body.webhook.id).lean());
    expect(stored).not.toContain(body.webhook.secret.slice(6, 20));
    for (const path of ['', `/${body.webhook.id}`]) {
      expect((await call('get', path, who.token).expect(200)).text).not.toMatch(/whsec|"secret"|"ct"/);
    }
  });

  it.each([
    ['http', { url: 'http://whisky.example/' }, 'url'],
    ['this machine', { url: 'https://127.0.0.1/' }, 'url'],
    ['this machine, written in hex', { url: 'https://0x7f.1/' }, 'url'],
    ['another port of an allowed target', { url: 'http://127.0.0.1:1/' }, 'url'],
    ['the metadata of a cloud', { url: 'https://169.254.169.254/latest' }, 'url'],
    ['credentials in the URL', { url: 'https://a:b@whisky.example/' }, 'url'],
    ['another scheme', { url: 'ftp://whisky.example/' }, 'url'],
    ['no URL', { url: 'whisky' }, 'url'],
    ['a type that there is not', { url, types: ['email.eaten'] }, 'types.0'],
    ['the type of tests', { url, types: ['webhook.test'] }, 'types.0'],
    ['a name with a line break', { url, name: 'a\nb' }, 'name'],
    ['a secret of its own', { url, secret: 'whsec_x' }, 'secret'],
  ])('refuses %s', async (_what, body, path) => {
    const { token } = await bystander();
    expect(problems((await call('post', '', token, { name: unique(), ...body }).expect(422)).body)).toEqual([path]);
  });

  it('lets a business have twenty, however many are made at once, and each name once', async () => {
    const who = await register();
    const answers = await Promise.all(
      Array.from({ length: MAX_ENDPOINTS + 4 }, (_, n) => call('post', '', who.token, { name: `hook ${n}`, url })),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(MAX_ENDPOINTS);
    expect(statuses.filter((status) => status === 409)).toHaveLength(4);
    const [first] = (await as(who, 'get', '/api/webhooks?limit=200')).webhooks;
    await call('delete', `/${first.id}`, who.token).expect(200);
    const { webhooks } = await as(who, 'get', '/api/webhooks');
    await call('post', '', who.token, { name: webhooks[0].name, url }).expect(409);
    await call('post', '', who.token, { name: 'one more', url }).expect(201);
  });

  it('makes one where a request comes again, also after its process died, and shows a secret that works', async () => {
    const who = await register();
    const body = { name: 'again', url };
    const key = unique();
    const send = () => call('post', '', who.token, body).set('Idempotency-Key', key);
    const first = (await send().expect(201)).body.webhook;
    const second = await send().expect(201);
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(second.body.webhook).toEqual(first);
    expect(await WebhookEndpointModel.countDocuments({ business: who.businessId })).toBe(1);
  });

  it('is for people: a key is shown no secret, and makes none', async () => {
    const who = await register();
    const { id } = await hook(who, url);
    const key = await apiKey(who, ['manage_settings']);
    await call('post', '', key, { name: 'x', url }).expect(403);
    await call('post', `/${id}/rotate-secret`, key, {}).expect(403);
    await call('get', `/${id}`, key).expect(200);
    await call('patch', `/${id}`, key, { description: 'by a key' }).expect(200);
  });
});

describe('PATCH /api/webhooks/:id', () => {
  it('changes what is sent, and switches on what the hub had switched off', async () => {
    const who = await register();
    const own = await hook(who, url, { description: 'x', types: ['email.sent'] });
    await WebhookEndpointModel.updateOne(
      { _id: own.id },
      { $set: { isActive: false, failingSince: new Date(), disabled: { reason: 'failing', at: new Date() } } },
    );
    expect(await shown(who, own)).toMatchObject({ isActive: false, disabled: { reason: 'failing' } });
    const { webhook } = await as(who, 'patch', `/api/webhooks/${own.id}`, {
      ...{ url: `${url}/2`, types: [], description: null, isActive: true },
    });
    expect(webhook).toMatchObject({ url: `${url}/2`, types: [], description: null, isActive: true, disabled: null });
    expect(webhook.health.failingSince).toBeNull();
  });

  it('forgets with the old URL how long that had failed, which would switch the new one off', async () => {
    const who = await register();
    const { id } = await hook(who, url);
    const failingSince = new Date(Date.now() - 4 * 86_400_000);
    await WebhookEndpointModel.updateOne({ _id: id }, { $set: { failingSince } });
    const change = (fields: object) => as(who, 'patch', `/api/webhooks/${id}`, fields);
    expect((await change({ name: unique('other') })).webhook.health.failingSince).toBe(failingSince.toISOString());
    expect((await change({ url: `${url}/new` })).webhook.health.failingSince).toBeNull();
  });

  it('refuses what a new one would be refused, and the name of another', async () => {
    const who = await register();
    const [one, other] = [await hook(who, url, { name: 'one' }), await hook(who, url, { name: 'other' })];
    await call('patch', `/${one.id}`, who.token, { url: 'https://[::1]/' }).expect(422);
    expect((await call('patch', `/${other.id}`, who.token, { name: 'one' }).expect(409)).body.message).toContain('one');
  });
});

describe('DELETE /api/webhooks/:id', () => {
  it('takes along what waits, and what is remembered', async () => {
    const who = await register();
    const { id } = await hook(who, url);
    await happen(who, { count: 3 });
    await fanOut();
    await made(who, id, [{}]);
    await call('delete', `/${id}`, who.token).expect(200, { success: true });
    expect(await WebhookDeliveryModel.countDocuments({ endpoint: id })).toBe(0);
    expect(await WebhookAttemptModel.countDocuments({ endpoint: id })).toBe(0);
    await call('delete', `/${id}`, who.token).expect(404);
  });
});

describe('POST /api/webhooks/:id/rotate-secret', () => {
  it('keeps the one before for a day, and of two at once lets one through', async () => {
    const who = await register();
    const own = await hook(who, url);
    const answers = await Promise.all([1, 2, 3].map(() => call('post', `/${own.id}/rotate-secret`, who.token, {})));
    const done = answers.filter(({ status }) => status === 201);
    expect(done.length).toBeGreaterThan(0);
    for (const { status } of answers) expect([201, 409]).toContain(status);
    const endpoint = await WebhookEndpointModel.findById(own.id).lean().orFail();
    const stored = openSecrets(endpoint._id, endpoint.secrets as Sealed);
    expect(stored.previous).toHaveLength(done.length);
    expect(stored.previous.at(-1)?.secret).toBe(own.secret);
    const inADay = Date.parse((await shown(who, own)).previousSecretUntil) - Date.now();
    expect(Math.abs(inADay - 86_400_000)).toBeLessThan(60_000);
  });

  it('keeps no more than four before it', async () => {
    const who = await register();
    const { id } = await hook(who, url);
    for (let n = 0; n < 4; n += 1) await call('post', `/${id}/rotate-secret`, who.token, {}).expect(201);
    await call('post', `/${id}/rotate-secret`, who.token, {}).expect(409);
    await call('post', `/${id}/rotate-secret`, who.token, { overlapHours: 0 }).expect(201);
  });
});

describe('POST /api/webhooks/:id/test', () => {
  it('posts a signed test event and answers what became of it', async () => {
    const who = await register();
    const own = await hook(who, receiver.url('/test'), { types: ['email.sent'], isActive: false });
    const key = unique();
    const send = () => call('post', `/${own.id}/test`, who.token).set('Idempotency-Key', key);
    const { attempt } = (await send().expect(200)).body;
    await send().expect(200);
    const [message, ...more] = receiver.of('/test');
    expect(more).toEqual([]);
    expect(attempt).toMatchObject({ type: 'webhook.test', cause: 'test', status: 'succeeded', eventId: message?.id });
    const headers = message?.headers as Record<string, string>;
    expect(new Webhook(own.secret).verify(String(message?.body), headers)).toMatchObject({ type: 'webhook.test' });
    expect(await attemptsOf(who, own)).toEqual([attempt]);
    expect(await EventModel.countDocuments({ business: who.businessId })).toBe(0);
  });

  it('answers a failure of the receiver as what it is, and leaves the health alone', async () => {
    const who = await register();
    receiver.answers('/test-fails', () => 500);
    const own = await hook(who, receiver.url('/test-fails'));
    const { attempt } = (await call('post', `/${own.id}/test`, who.token).expect(200)).body;
    expect(attempt).toMatchObject({ status: 'failed', httpStatus: 500, error: 'status', nextAt: null });
    expect((await shown(who, own)).health).toMatchObject({ failingSince: null, lastFailureAt: null });
  });

  it('calls no address that is not public, also when the name has come to lead there', async () => {
    const who = await register();
    const own = await hook(who, url);
    await WebhookEndpointModel.updateOne({ _id: own.id }, { $set: { url: 'https://[::ffff:7f00:1]/' } });
    const { attempt } = (await call('post', `/${own.id}/test`, who.token).expect(200)).body;
    expect(attempt).toMatchObject({ status: 'failed', error: 'refused_address', httpStatus: null });
  });
});

describe('a webhook whose secret was sealed under a key that is lost', () => {
  it('is shown, calls nobody and says why', async () => {
    const who = await register();
    const own = await hook(who, receiver.url('/lost'));
    await WebhookEndpointModel.updateOne({ _id: own.id }, { $set: { 'secrets.kid': '00000000' } });
    expect(await shown(who, own)).toMatchObject({ previousSecretUntil: null });
    const { attempt } = (await call('post', `/${own.id}/test`, who.token).expect(200)).body;
    expect(attempt).toMatchObject({ status: 'failed', error: 'unreadable_secret' });
    expect(receiver.of('/lost')).toEqual([]);
  });
});

describe('GET /api/webhooks/:id/attempts', () => {
  it('pages through them, newest first, by outcome and by event', async () => {
    const who = await register();
    const own = await hook(who, url);
    const event = new Types.ObjectId();
    await made(who, own.id, [{}, { status: 'failed', event, error: 'dns', message: 'x' }, { event }]);
    await made(who, (await hook(who, url)).id, [{ event }]);
    expect((await attemptsOf(who, own)).map(({ status }: { status: string }) => status)).toEqual([
      ...['succeeded', 'failed', 'succeeded'],
    ]);
    expect(await attemptsOf(who, own, `&event=${event}`)).toHaveLength(2);
    const path = `/api/webhooks/${own.id}/attempts?limit=1`;
    const page = await as(who, 'get', `${path}&status=succeeded`);
    expect(page.pagination.hasMore).toBe(true);
    const next = await as(who, 'get', `${path}&status=succeeded&cursor=${page.pagination.nextCursor}`);
    expect(next.attempts[0].id).not.toBe(page.attempts[0].id);
    expect(next.pagination).toEqual({ nextCursor: null, hasMore: false });
    expect(await attemptsOf(who, own, '&status=failed')).toMatchObject([{ error: 'dns', responseBody: null }]);
  });
});

describe('redelivery and replay', () => {
  it('queue an event anew, once for each request', async () => {
    const who = await register();
    const own = await hook(who, url);
    const [id] = await happen(who);
    await fanOut();
    const queued = () => WebhookDeliveryModel.findOne({ endpoint: own.id }).lean().orFail();
    await WebhookDeliveryModel.updateOne(
      { endpoint: own.id },
      { $set: { status: 'delivered', attempts: 3 }, $unset: { dueAt: 1 } },
    );
    const { _id } = await made(who, own.id, [{ event: new Types.ObjectId(id) }]);
    const again = () => call('post', `/${own.id}/attempts/${_id}/redeliver`, who.token);
    const { delivery } = (await again().expect(202)).body;
    expect(delivery).toEqual({ eventId: id, type: 'email.bounced', status: 'pending' });
    expect(await queued()).toMatchObject({ status: 'pending', attempts: 0, cause: 'redelivery' });
    await again().expect(202);
    expect(await WebhookDeliveryModel.countDocuments({ endpoint: own.id })).toBe(1);
  });

  it('are refused for what the log has not got, and for what is not active', async () => {
    const who = await register();
    const own = await hook(who, url);
    const { _id: expired } = await made(who, own.id, [{}]);
    const [id] = await happen(who);
    const { _id } = await made(who, own.id, [{ event: new Types.ObjectId(id) }]);
    const range = { from: new Date(0).toISOString(), to: new Date().toISOString() };
    await call('post', `/${own.id}/attempts/${expired}/redeliver`, who.token).expect(409);
    await call('patch', `/${own.id}`, who.token, { isActive: false }).expect(200);
    await call('post', `/${own.id}/attempts/${_id}/redeliver`, who.token).expect(409);
    await call('post', `/${own.id}/replay`, who.token, range).expect(409);
  });

  it.each([
    ['a time that ends before it begins', { from: '2026-11-24T10:00:00Z', to: '2026-11-24T09:00:00Z' }, 'to'],
    ['a time without an offset', { from: '2026-11-24T10:00:00', to: '2026-11-24T11:00:00Z' }, 'from'],
    ['no type', { from: '2026-11-24T10:00:00Z', to: '2026-11-24T11:00:00Z', types: [] }, 'types'],
  ])('refuse %s', async (_what, body, path) => {
    const who = await bystander();
    const { id } = await hook(who, url);
    expect(problems((await call('post', `/${id}/replay`, who.token, body).expect(422)).body)).toEqual([path]);
  });

  it('of another tenant’s attempt are a 404', async () => {
    const who = await register();
    const own = await hook(who, url);
    const other = await bystander();
    const { _id } = await made(other, (await hook(other, url)).id, [{}]);
    await call('post', `/${own.id}/attempts/${_id}/redeliver`, who.token).expect(404);
  });
});

describe('settings.webhookUrl', () => {
  const patch = (who: Registered, webhookUrl: string | null, status = 200) =>
    as(who, 'patch', '/api/business', { settings: { webhookUrl } }, status);
  const named = async (who: Registered) => (await as(who, 'get', '/api/webhooks')).webhooks;

  it('is the webhook named default: made, changed and deleted with it', async () => {
    const who = await register();
    expect((await as(who, 'get', '/api/business')).business.settings.webhookUrl).toBeNull();
    expect((await patch(who, url)).business.settings.webhookUrl).toBe(url);
    const [made] = await named(who);
    expect(made).toMatchObject({ name: 'default', url, types: [], isActive: true });

    await as(who, 'patch', `/api/webhooks/${made.id}`, { isActive: false });
    await patch(who, `${url}/2`);
    expect(await named(who)).toMatchObject([{ id: made.id, url: `${url}/2`, isActive: true }]);
    await as(who, 'patch', `/api/webhooks/${made.id}`, { url: `${url}/3` });
    expect((await as(who, 'get', '/api/business')).business.settings.webhookUrl).toBe(`${url}/3`);
    const { secret } = (await as(who, 'post', `/api/webhooks/${made.id}/rotate-secret`, {}, 201)).webhook;
    expect(secret).toMatch(/^whsec_/);

    expect((await patch(who, null)).business.settings.webhookUrl).toBeNull();
    await patch(who, null);
    expect(await named(who)).toEqual([]);
  });

  it('leads where a webhook may go, and leaves the other settings as they are where not', async () => {
    const who = await register();
    const body = { name: 'Changed', settings: { webhookUrl: 'https://10.0.0.1/', defaultFromName: 'Ann' } };
    const answer = await api().patch('/api/business').auth(who.token, { type: 'bearer' }).send(body).expect(422);
    expect(problems(answer.body)).toEqual(['settings.webhookUrl']);
    const { business } = await as(who, 'get', '/api/business');
    expect(business).toMatchObject({ settings: { defaultFromName: null, webhookUrl: null } });
    expect(business.name).not.toBe('Changed');
  });

  it('that is set twice at once makes one webhook', async () => {
    const who = await register();
    await Promise.all(Array.from({ length: 5 }, () => patch(who, url)));
    expect(await named(who)).toHaveLength(1);
  });
});
