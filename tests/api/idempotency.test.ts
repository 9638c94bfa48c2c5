import { createHash } from 'node:crypto';
import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { ApiKeyModel } from '../../src/models/api-key.js';
import { BusinessModel } from '../../src/models/business.js';
import { DeliveryModel } from '../../src/models/delivery.js';
import { EmailCampaignModel } from '../../src/models/email-campaign.js';
import { EmailTemplateModel } from '../../src/models/email-template.js';
import { IdempotencyKeyModel } from '../../src/models/idempotency-key.js';
import { SuppressionModel } from '../../src/models/suppression.js';
import { SystemMailModel } from '../../src/models/system-mail.js';
import { UserModel } from '../../src/models/user.js';
import { WebhookEndpointModel } from '../../src/models/webhook-endpoint.js';
import type { Sealed } from '../../src/secrets.js';
import * as idempotency from '../../src/services/idempotency.js';
import { rewrap } from '../../src/services/sealed-secrets.js';
import { openSecrets } from '../../src/webhooks/secrets.js';
import { apiKey, once, type Registered, register, superAdmin, unique } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { draft, people, sender } from '../support/sending.js';
import { until } from '../support/until.js';

// Invitations go by mail. Read with the first call of `config()`, which is this file's own.
Object.assign(process.env, {
  MASTER_SES_ACCESS_KEY: 'AKIAMASTER',
  MASTER_SES_SECRET_KEY: 'master-secret',
  SYSTEM_FROM_EMAIL: 'hub@hub.example.test',
});
useHub();

const CAMPAIGN = { name: 'Once', subject: 'Hello', content: { text: 'Hello' } };

function post(token: string, path: string, body: object | undefined, key: string) {
  return api().post(path).auth(token, { type: 'bearer' }).set('Idempotency-Key', key).send(body);
}

/** As it is after a process died in the middle of the request, and its lock ran out. */
async function dieInTheMiddle(key: string): Promise<void> {
  const { matchedCount } = await IdempotencyKeyModel.updateOne(
    { key },
    { $unset: { reply: 1, status: 1 }, $set: { until: new Date(0) } },
  );
  expect(matchedCount).toBe(1);
}

const bystander = once(() => register());

describe('a POST with an Idempotency-Key', () => {
  it('is done once: it gets the first reply again, and says so', async () => {
    const { token, businessId } = await register();
    const key = unique('key');
    const first = await post(token, '/api/campaigns', CAMPAIGN, key).expect(201);
    expect(first.headers).not.toHaveProperty('idempotent-replayed');
    const second = await post(token, '/api/campaigns', CAMPAIGN, key).expect(201);
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(second.headers['content-type']).toBe(first.headers['content-type']);
    expect(second.text).toBe(first.text);
    expect(await EmailCampaignModel.countDocuments({ business: businessId })).toBe(1);
  });

  it('is done anew with another key, or none', async () => {
    const { token, businessId } = await register();
    for (const key of [unique(), unique()]) await post(token, '/api/campaigns', CAMPAIGN, key).expect(201);
    await api().post('/api/campaigns').auth(token, { type: 'bearer' }).send(CAMPAIGN).expect(201);
    expect(await EmailCampaignModel.countDocuments({ business: businessId })).toBe(3);
  });

  it('is the same request however its fields are ordered and its path is spelt', async () => {
    const { token } = await register();
    const key = unique();
    const { body } = await post(token, '/api/campaigns', CAMPAIGN, key).expect(201);
    const turned = { content: { text: 'Hello' }, subject: 'Hello', name: 'Once' };
    const again = await post(token, '/API/campaigns/', turned, key).expect(201);
    expect(again.body).toEqual(body);
    expect(again.headers['idempotent-replayed']).toBe('true');
  });

  it('is a 422 with another body, and nothing is done', async () => {
    const { token, businessId } = await register();
    const key = unique();
    await post(token, '/api/campaigns', CAMPAIGN, key).expect(201);
    const { body } = await post(token, '/api/campaigns', { ...CAMPAIGN, name: 'Twice' }, key).expect(422);
    expect(body).toMatchObject({ success: false, code: 'idempotency_mismatch' });
    expect(await EmailCampaignModel.countDocuments({ business: businessId })).toBe(1);
  });

  it('is a 409 while the first is under way', async () => {
    const { token, businessId } = await register();
    const key = unique();
    await post(token, '/api/campaigns', CAMPAIGN, key).expect(201);
    const until = new Date(Date.now() + 30_000);
    await IdempotencyKeyModel.updateOne({ key }, { $unset: { reply: 1, status: 1 }, $set: { until } });
    const { body } = await post(token, '/api/campaigns', CAMPAIGN, key).expect(409);
    expect(body).toMatchObject({ success: false, code: 'idempotency_in_flight' });
    expect(await EmailCampaignModel.countDocuments({ business: businessId })).toBe(1);
  });

  it('is done once by two hundred at the same moment', async () => {
    const { token, businessId } = await register();
    const key = unique();
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => post(token, '/api/campaigns', CAMPAIGN, key).then((answer) => answer)),
    );
    const made = answers.filter(({ status }) => status === 201);
    expect(made.filter(({ headers }) => !headers['idempotent-replayed'])).toHaveLength(1);
    expect(new Set(made.map(({ text }) => text)).size).toBe(1);
    for (const { status, body } of answers) {
      if (status !== 201) expect([status, body.code]).toEqual([409, 'idempotency_in_flight']);
    }
    expect(await EmailCampaignModel.countDocuments({ business: businessId })).toBe(1);
    expect(await IdempotencyKeyModel.countDocuments({ key })).toBe(1);
  });

  it('keeps no refusal: what is mended may be sent again with its key', async () => {
    const { token } = await register();
    const key = unique();
    await post(
      token,
      '/api/campaigns',
      { ...CAMPAIGN, template: String(new Types.ObjectId()), content: undefined },
      key,
    ).expect(422);
    await post(token, '/api/campaigns', { name: 1 }, key).expect(422);
    expect(await IdempotencyKeyModel.countDocuments({ key })).toBe(0);
    await post(token, '/api/campaigns', CAMPAIGN, key).expect(201);
  });

  it.each(['', 'x'.repeat(256)])('is a 422 with a key of the wrong length', async (key) => {
    const { token } = await bystander();
    const { body } = await post(token, '/api/campaigns', CAMPAIGN, key).expect(422);
    expect(body.errors).toEqual([{ path: 'Idempotency-Key', message: expect.stringContaining('255') }]);
  });

  it('keeps its reply for a day', async () => {
    const { token } = await bystander();
    const key = unique();
    await post(token, '/api/campaigns', CAMPAIGN, key).expect(201);
    const { expiresAt } = (await IdempotencyKeyModel.findOne({ key }).lean()) ?? {};
    expect(Number(expiresAt) - Date.now()).toBeGreaterThan(86_300_000);
    expect(Number(expiresAt) - Date.now()).toBeLessThanOrEqual(86_400_000);
    const { indexes } = { indexes: await IdempotencyKeyModel.collection.indexes() };
    expect(indexes).toContainEqual(expect.objectContaining({ key: { expiresAt: 1 }, expireAfterSeconds: 0 }));
  });
});

describe('a key', () => {
  it('means nothing to another business, another caller or another route', async () => {
    const [who, other] = [await register(), await register()];
    const key = unique();
    const sibling = await apiKey(who, ['manage_campaigns']);
    const paths = ['/api/campaigns', '/api/templates'];
    const bodies = [CAMPAIGN, { name: 'T', subject: 'S', content: { text: 'x' } }];
    const tokens = [who.token, sibling, other.token];
    for (const token of tokens) await post(token, paths[0] ?? '', bodies[0], key).expect(201);
    await post(who.token, paths[1] ?? '', bodies[1], key).expect(201);
    expect(await IdempotencyKeyModel.countDocuments({ key })).toBe(4);
    expect(await EmailCampaignModel.countDocuments({ business: who.businessId })).toBe(2);
    expect(await EmailCampaignModel.countDocuments({ business: other.businessId })).toBe(1);
  });

  it('of an administrator of the hub is another one for each business', async () => {
    const [token, a, b] = [await superAdmin(), await register(), await register()];
    const key = unique();
    for (const who of [a, b, a]) {
      await post(token, '/api/campaigns', CAMPAIGN, key).set('X-Business-Id', who.businessId).expect(201);
    }
    for (const { businessId } of [a, b]) {
      expect(await EmailCampaignModel.countDocuments({ business: businessId })).toBe(1);
    }
  });

  it('tells nothing to who may not do it any more', async () => {
    const who = await register();
    const key = unique();
    await post(who.token, '/api/campaigns', CAMPAIGN, key).expect(201);
    await UserModel.updateOne({ _id: who.userId }, { $set: { tokenVersion: 9 } });
    const answer = await until(async () => {
      const now = await post(who.token, '/api/campaigns', CAMPAIGN, key);
      return now.status === 201 ? undefined : now;
    });
    expect(answer.body.code).toBe('unauthenticated');
  });

  it('means nothing on /api/auth', async () => {
    const key = unique();
    const who = await register();
    const login = () =>
      api()
        .post('/api/auth/login')
        .set('Idempotency-Key', key)
        .send({ email: who.email, password: who.password })
        .expect(200);
    for (const answer of [await login(), await login()]) {
      expect(answer.headers).not.toHaveProperty('idempotent-replayed');
    }
    expect(await IdempotencyKeyModel.countDocuments({ key })).toBe(0);
  });

  it('means nothing with a streamed import, and all with one in JSON', async () => {
    const { token } = await register();
    const { body } = await api().post('/api/campaigns').auth(token, { type: 'bearer' }).send(CAMPAIGN).expect(201);
    const path = `/api/campaigns/${body.campaign.id}/recipients`;
    const [streamed, listed] = [unique(), unique()];
    const stream = () =>
      api()
        .post(path)
        .auth(token, { type: 'bearer' })
        .set({ 'Idempotency-Key': streamed, 'Content-Type': 'text/csv' })
        .send('email\na@people.test\n')
        .expect(200);
    expect((await stream()).body).toMatchObject({ added: 1, duplicates: 0 });
    expect((await stream()).body).toMatchObject({ added: 0, duplicates: 1 });
    expect(await IdempotencyKeyModel.countDocuments({ key: streamed })).toBe(0);
    for (let n = 0; n < 2; n += 1) {
      const answer = await post(token, path, { recipients: [{ email: 'b@people.test' }] }, listed).expect(200);
      expect(answer.body).toMatchObject({ added: 1, duplicates: 0 });
    }
  });
});

describe('a reply that holds a secret', () => {
  it('comes again, and is kept where only the encryption key reads it', async () => {
    const who = await register();
    const key = unique();
    const body = { name: 'k', permissions: ['send_emails'] };
    const first = await post(who.token, '/api/business/api-keys', body, key).expect(201);
    const second = await post(who.token, '/api/business/api-keys', body, key).expect(201);
    expect(second.body.apiKey.key).toBe(first.body.apiKey.key);
    const kept = await IdempotencyKeyModel.findOne({ key }).lean();
    expect(JSON.stringify(kept)).not.toContain(first.body.apiKey.key);
    expect(JSON.stringify(kept)).not.toContain('pmh_');
    expect(await ApiKeyModel.countDocuments({ business: who.businessId })).toBe(1);
  });

  it('is among what is sealed anew when the encryption key changes', async () => {
    const who = await register();
    const key = unique();
    await post(who.token, '/api/campaigns', CAMPAIGN, key).expect(201);
    const before = await rewrap();
    await IdempotencyKeyModel.deleteOne({ key });
    const after = await rewrap();
    expect(before.present - after.present).toBe(1);
  });
});

describe('what is kept of a request', () => {
  it('is no plain hash, from which a password in it could be guessed', async () => {
    const { token } = await bystander();
    const key = unique();
    // In the order of the alphabet, as the hub reads it.
    const body = { email: `${unique()}@people.test`, name: 'Ada', password: 'correct horse' };
    await post(token, '/api/users', body, key).expect(201);
    const kept = JSON.stringify(await IdempotencyKeyModel.findOne({ key }).lean());
    const asked = JSON.stringify(['POST /api/users', {}, body]);
    expect(kept).toContain('fingerprint');
    expect(kept).not.toContain(createHash('sha256').update(asked).digest('hex'));
  });
});

describe('a request whose process died after it was done', () => {
  /** The same request once more, after its lock ran out. */
  async function again(who: Registered, path: string, body: object | undefined, status: number) {
    const key = unique();
    const first = await post(who.token, path, body, key).expect(status);
    await dieInTheMiddle(key);
    const second = await post(who.token, path, body, key).expect(status);
    expect(second.headers).not.toHaveProperty('idempotent-replayed');
    return [first.body, second.body];
  }

  it('creates no second campaign, also where its template is gone by then', async () => {
    const who = await register();
    const template = await EmailTemplateModel.create({
      business: who.businessId,
      createdBy: who.userId,
      name: 'T',
      subject: 'S',
      content: { text: 'x' },
    });
    const body = { name: 'Once', template: String(template._id) };
    const key = unique();
    const first = await post(who.token, '/api/campaigns', body, key).expect(201);
    await dieInTheMiddle(key);
    await EmailTemplateModel.deleteOne({ _id: template._id });
    const second = await post(who.token, '/api/campaigns', body, key).expect(201);
    expect(second.body).toEqual(first.body);
    expect(await EmailCampaignModel.countDocuments({ business: who.businessId })).toBe(1);
  });

  it('creates no second template, and copies neither twice', async () => {
    const who = await register();
    const template = { name: 'T', subject: 'S', content: { text: 'x' } };
    const [made, remade] = await again(who, '/api/templates', template, 201);
    expect(remade).toEqual(made);
    const copies = await again(who, `/api/templates/${made.template.id}/duplicate`, {}, 201);
    expect(copies[1]).toEqual(copies[0]);
    expect(await EmailTemplateModel.countDocuments({ business: who.businessId })).toBe(2);
    const [campaign] = await again(who, '/api/campaigns', CAMPAIGN, 201);
    const [copy, recopy] = await again(who, `/api/campaigns/${campaign.campaign.id}/duplicate`, {}, 201);
    expect(recopy).toEqual(copy);
    expect(await EmailCampaignModel.countDocuments({ business: who.businessId })).toBe(2);
  });

  it('makes no second API key: the one that nobody was told is replaced', async () => {
    const who = await register();
    const body = { name: 'k', permissions: ['manage_campaigns'] };
    const [first, second] = await again(who, '/api/business/api-keys', body, 201);
    expect(second.apiKey.id).toBe(first.apiKey.id);
    expect(second.apiKey.key).not.toBe(first.apiKey.key);
    expect(await ApiKeyModel.countDocuments({ business: who.businessId })).toBe(1);
    await api().get('/api/business').auth(second.apiKey.key, { type: 'bearer' }).expect(200);
  });

  it('replaces no API key that was rotated since: somebody was told that one', async () => {
    const who = await register();
    const [body, key] = [{ name: 'k', permissions: ['manage_campaigns'] }, unique()];
    const { apiKey: made } = (await post(who.token, '/api/business/api-keys', body, key).expect(201)).body;
    await dieInTheMiddle(key);
    const rotate = post(who.token, `/api/business/api-keys/${made.id}/rotate`, { overlapHours: 0 }, unique());
    const { apiKey: inUse } = (await rotate.expect(201)).body;
    const answer = await post(who.token, '/api/business/api-keys', body, key).expect(409);
    expect(answer.body.code).toBe('conflict');
    await api().get('/api/business').auth(inUse.key, { type: 'bearer' }).expect(200);
  });

  it('makes no second webhook, and shows a secret that nobody was told before', async () => {
    const who = await register();
    const body = { name: 'hook', url: 'https://8.8.8.8/' };
    const [first, second] = await again(who, '/api/webhooks', body, 201);
    expect(second.webhook.id).toBe(first.webhook.id);
    expect(second.webhook.secret).not.toBe(first.webhook.secret);
    expect(await WebhookEndpointModel.countDocuments({ business: who.businessId })).toBe(1);
    const path = `/api/webhooks/${first.webhook.id}`;
    const [, rotated] = await again(who, `${path}/rotate-secret`, {}, 201);
    const endpoint = await WebhookEndpointModel.findById(first.webhook.id).lean().orFail();
    const stored = openSecrets(endpoint._id, endpoint.secrets as Sealed);
    expect(stored.present).toBe(rotated.webhook.secret);
    expect(stored.previous.map(({ secret }) => secret)).toEqual([second.webhook.secret]);
    const range = { from: '2026-11-24T08:00:00Z', to: '2026-11-24T09:00:00Z' };
    const [begun, same] = await again(who, `${path}/replay`, range, 202);
    expect(same).toEqual(begun);
  });

  it('makes no second user, business or invitation, and hands a key over once', async () => {
    const who = await register();
    const person = { email: `${unique()}@people.test`, name: 'Ann', password: 'Test123!' };
    const [user, sameUser] = await again(who, '/api/users', person, 201);
    expect(sameUser).toEqual(user);
    const root = { ...who, token: await superAdmin() };
    const admin = { ...person, email: `${unique()}@people.test` };
    const [made, remade] = await again(
      root,
      '/api/admin/businesses',
      { name: 'B', domain: `${unique()}.test`, admin },
      201,
    );
    expect(remade).toEqual(made);
    const guest = { email: `${unique()}@people.test` };
    const [invited, reinvited] = await again(who, '/api/users/invite', guest, 201);
    expect(reinvited).toEqual(invited);
    expect(await SystemMailModel.countDocuments({ to: guest.email })).toBe(1);
    await apiKey(who, ['send_emails']);
    const { _id } = await ApiKeyModel.findOne({ business: who.businessId }).lean().orFail();
    const [, rotated] = await again(who, `/api/business/api-keys/${_id}/rotate`, {}, 201);
    expect(rotated.apiKey.predecessors).toHaveLength(1);
  });

  it('suppresses an address once', async () => {
    const who = await register();
    const body = { email: 'stop@people.test', reason: 'manual' };
    const [first, second] = await again(who, '/api/suppressions', body, 201);
    expect(second).toEqual(first);
    const rows = await SuppressionModel.find({ business: who.businessId }).lean();
    expect(rows.map(({ reasons }) => reasons.length)).toEqual([1]);
  });

  it('adds no domain twice', async () => {
    const who = await sender();
    const [first, second] = await again(who, '/api/business/domains', { domain: `${unique('d')}.test` }, 201);
    expect(second.domain.id).toBe(first.domain.id);
    const business = await BusinessModel.findById(who.businessId).lean();
    // And the one it sends from.
    expect(business?.sendingDomains).toHaveLength(2);
  });

  it('replaces the inbound URL once: the one before is not forgotten', async () => {
    const who = await sender();
    const wire = (path: string) => post(who.token, `/api/business/events-setup${path}`, undefined, unique());
    expect((await wire('')).status).toBeLessThan(300);
    const before = await BusinessModel.findById(who.businessId).lean();
    const [first, second] = await again(who, '/api/business/events-setup/rotate', undefined, 200);
    expect(second.eventsSetup.url).toBe(first.eventsSetup.url);
    const after = await BusinessModel.findById(who.businessId).lean();
    expect(after?.eventWiring?.previous?.tokenHash).toBe(before?.eventWiring?.tokenHash);
  });

  it('answers each move of a campaign as it did, and makes none twice', { timeout: 60_000 }, async () => {
    const who = await sender();
    const id = await draft(who, people(3));
    const path = (move: string) => `/api/campaigns/${id}/${move}`;
    const scheduledFor = new Date(Date.now() + 86_400_000).toISOString();
    const moves = [
      ['schedule', { scheduledFor }, 200, 'scheduled'],
      ['unschedule', undefined, 200, 'draft'],
      ['send', undefined, 202, 'sending'],
      ['pause', undefined, 200, 'paused'],
      ['resume', {}, 200, 'sending'],
      ['cancel', undefined, 200, 'cancelled'],
    ] as const;
    for (const [move, body, status, to] of moves) {
      const [first, second] = await again(who, path(move), body, status);
      expect(first.campaign.status, move).toBe(to);
      expect(second.campaign.status, move).toBe(to);
      expect(second.warnings, move).toEqual(first.warnings);
    }
    const { outbox = [] } = (await EmailCampaignModel.findById(id).lean()) ?? {};
    const told = (outbox ?? []).map(({ type }) => type);
    expect(told.filter((type) => type === 'campaign.started')).toHaveLength(1);
    expect(told.filter((type) => type === 'campaign.paused')).toHaveLength(1);
  });

  it('does not pause again a campaign that somebody let go on meanwhile', async () => {
    const who = await sender();
    const id = await draft(who, people(3));
    const move = (name: string, key: string) => post(who.token, `/api/campaigns/${id}/${name}`, undefined, key);
    await move('send', unique()).expect(202);
    const key = unique();
    await move('pause', key).expect(200);
    await dieInTheMiddle(key);
    await move('resume', unique()).expect(200);
    const { body } = await move('pause', key).expect(200);
    expect(body.campaign.status).toBe('sending');
  });

  it('answers a retry with the numbers of the first', async () => {
    const who = await sender();
    const id = await draft(who, people(2));
    const frozen = { subject: 's', text: 't', fromEmail: 'a@example.com' };
    await EmailCampaignModel.updateOne({ _id: id }, { $set: { status: 'sent', launchedAt: new Date(), frozen } });
    await DeliveryModel.updateMany({ campaign: id }, { status: 'failed', failedAt: new Date() });
    const [first, second] = await again(who, `/api/campaigns/${id}/retry`, { statuses: ['failed'] }, 202);
    expect(first.retried).toEqual({ failed: 2, unconfirmed: 0 });
    expect(second.retried).toEqual(first.retried);
  });
});

describe('a request that was cut off before anything was done', () => {
  it('is done when it comes again', async () => {
    const { token, businessId } = await register();
    const key = unique();
    const first = await post(token, '/api/campaigns', CAMPAIGN, key).expect(201);
    await dieInTheMiddle(key);
    await EmailCampaignModel.deleteOne({ _id: first.body.campaign.id });
    const second = await post(token, '/api/campaigns', CAMPAIGN, key).expect(201);
    expect(second.body.campaign.id).toBe(first.body.campaign.id);
    expect(await EmailCampaignModel.countDocuments({ business: businessId })).toBe(1);
  });

  it('refuses another body also then', async () => {
    const { token } = await bystander();
    const key = unique();
    await post(token, '/api/campaigns', CAMPAIGN, key).expect(201);
    await dieInTheMiddle(key);
    const answer = await post(token, '/api/campaigns', { ...CAMPAIGN, name: 'Other' }, key).expect(422);
    expect(answer.body.code).toBe('idempotency_mismatch');
  });
});

describe('a process that stood still until another took its request over', () => {
  it('gives no reply of its own: that of the other is kept', async () => {
    const { businessId, userId } = await bystander();
    const names = { business: new Types.ObjectId(businessId), principal: `user:${userId}`, route: 'POST /here' };
    const request = { ...names, key: unique(), fingerprints: ['f'] as const };
    const ids: string[] = [];
    let wake = () => {};
    const first = idempotency.once(request, async ({ id, isRepeat }) => {
      ids.push(`${id} ${isRepeat}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      return { status: 201, body: 'late' };
    });
    await until(() => ids.length === 1);
    await IdempotencyKeyModel.updateOne({ key: request.key }, { $set: { until: new Date(0) } });
    const second = await idempotency.once(request, async ({ id, isRepeat }) => {
      ids.push(`${id} ${isRepeat}`);
      return { status: 201, body: 'in time' };
    });
    wake();
    await expect(first).rejects.toMatchObject({ code: 'idempotency_in_flight' });
    expect(second).toEqual({ status: 201, body: 'in time', isReplayed: false });
    const third = await idempotency.once(request, () => Promise.reject(new Error('done already')));
    expect(third).toEqual({ status: 201, body: 'in time', isReplayed: true });
    const [id] = ids[0]?.split(' ') ?? [];
    expect(ids).toEqual([`${id} false`, `${id} true`]);
  });

  it('lets the next one try after a failure of the hub, as the same attempt', async () => {
    const { businessId, userId } = await bystander();
    const names = { business: new Types.ObjectId(businessId), principal: `user:${userId}`, route: 'POST /there' };
    const request = { ...names, key: unique(), fingerprints: ['f'] as const };
    const seen: unknown[] = [];
    const failing = idempotency.once(request, async ({ id }) => {
      seen.push(String(id));
      throw new Error('MongoDB is away');
    });
    await expect(failing).rejects.toThrow('MongoDB is away');
    await idempotency.once(request, async ({ id, isRepeat }) => {
      seen.push(String(id), isRepeat);
      return { status: 200, body: '' };
    });
    expect(seen).toEqual([seen[0], seen[0], true]);
  });
});
