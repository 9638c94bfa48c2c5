import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { type ApiKey, ApiKeyModel } from '../../src/models/api-key.js';
import { BusinessModel } from '../../src/models/business.js';
import { UserModel } from '../../src/models/user.js';
import { opensAt } from '../../src/services/key-rotation.js';
import { apiKey, once, type Registered, register, superAdmin } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { admin } from '../support/people.js';
import { draft, people } from '../support/sending.js';
import { until } from '../support/until.js';

useHub();

const bystander = once(register);

const HOUR_MS = 3_600_000;
const PATH = '/api/business/api-keys';
const create = (credential: string, body: object) => api().post(PATH).auth(credential, { type: 'bearer' }).send(body);
const list = (credential: string, query = '') =>
  api()
    .get(PATH + query)
    .auth(credential, { type: 'bearer' });
const remove = (credential: string, id: string) => api().delete(`${PATH}/${id}`).auth(credential, { type: 'bearer' });
const business = (key: string) => api().get('/api/business').set('X-API-Key', key);

const rotate = (credential: string, id: string, body: object = {}) =>
  api().post(`${PATH}/${id}/rotate`).auth(credential, { type: 'bearer' }).send(body);

/** What ends a key may be a second late: processes may keep for so long whom it speaks for. */
const ended = (key: string) => until(async () => (await business(key)).status === 401, 2_000);

async function member(who: Registered, permissions: readonly string[]): Promise<string> {
  await UserModel.updateOne({ _id: who.userId }, { $set: { permissions } });
  return who.token;
}

describe('POST /api/business/api-keys', () => {
  it('answers the key once and keeps a hash of it', async () => {
    const who = await register();
    const { body } = await create(who.token, { name: 'Whisky', permissions: ['send_emails', 'send_emails'] }).expect(
      201,
    );
    expect(body.apiKey).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      name: 'Whisky',
      key: expect.stringMatching(/^pmh_live_\w{33}$/),
      prefix: body.apiKey.key.slice(0, 13),
      mode: 'live',
      permissions: ['send_emails'],
      expiresAt: null,
      predecessors: [],
      lastUsed: null,
      createdBy: { id: who.userId, name: 'Admin' },
      createdAt: expect.any(String),
    });

    const stored = JSON.stringify(await ApiKeyModel.findById(body.apiKey.id).lean());
    expect(stored).not.toContain(body.apiKey.key.slice(13));
    expect((await list(who.token)).text).not.toContain(body.apiKey.key);
  });

  it('makes a key that works in either header, for its business and with its permissions', async () => {
    const who = await register();
    const key = await apiKey(who, ['view_analytics']);
    expect((await business(key).expect(200)).body.business.id).toBe(who.businessId);
    await api().get('/api/business').auth(key, { type: 'bearer' }).expect(200);
    await api().patch('/api/business').set('X-API-Key', key).send({ name: 'Mine' }).expect(403);
  });

  it('grants nothing that its maker lacks', async () => {
    const who = await register();
    const token = await member(who, ['manage_settings', 'view_analytics']);
    const { body } = await create(token, { name: 'k', permissions: ['view_analytics', 'send_emails'] }).expect(403);
    expect(body).toMatchObject({ code: 'forbidden', message: expect.stringContaining('send_emails') });
    await create(token, { name: 'k', permissions: ['send_transactional'] }).expect(403);
    expect(await ApiKeyModel.countDocuments({ business: who.businessId })).toBe(0);
  });

  it('grants transactional mail to whoever may send any', async () => {
    const token = await member(await register(), ['manage_settings', 'send_emails']);
    await create(token, { name: 'k', permissions: ['send_transactional'] }).expect(201);
  });

  it('needs manage_settings', async () => {
    const token = await member(await register(), ['send_emails']);
    await create(token, { name: 'k', permissions: ['send_emails'] }).expect(403);
    await list(token).expect(403);
    await remove(token, String(new Types.ObjectId())).expect(403);
    await rotate(token, String(new Types.ObjectId())).expect(403);
  });

  it.each([
    ['no name', { permissions: ['send_emails'] }, 'name'],
    ['no permission', { name: 'k', permissions: [] }, 'permissions'],
    ['an unknown permission', { name: 'k', permissions: ['everything'] }, 'permissions.0'],
    ['an operator for a name', { name: { $gt: '' }, permissions: ['send_emails'] }, 'name'],
    ['a line break in the name', { name: 'a\nb', permissions: ['send_emails'] }, 'name'],
    ['a hash of its own', { name: 'k', permissions: ['send_emails'], hash: 'x' }, 'hash'],
    ['a mode there is not', { name: 'k', permissions: ['send_emails'], mode: 'dry' }, 'mode'],
    ['an end in the past', { name: 'k', permissions: ['send_emails'], expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
    [
      'an end without an offset',
      { name: 'k', permissions: ['send_emails'], expiresAt: '2099-01-01T00:00:00' },
      'expiresAt',
    ],
  ])('answers 422 to %s', async (_case, body, path) => {
    const { token } = await bystander();
    const answer = await create(token, body).expect(422);
    expect(answer.body.errors.map((problem: { path: string }) => problem.path)).toContain(path);
  });

  it('lets an administrator of the hub make one for a business', async () => {
    const who = await register();
    const answer = await create(await superAdmin(), { name: 'k', permissions: ['send_emails'] })
      .set('X-Business-Id', who.businessId)
      .expect(201);
    expect((await business(answer.body.apiKey.key).expect(200)).body.business.id).toBe(who.businessId);
  });
});

describe('an expiry', () => {
  it('ends the key by itself, and is told in the list', async () => {
    const who = await register();
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const { body } = await create(who.token, { name: 'k', permissions: ['send_emails'], expiresAt }).expect(201);
    expect(body.apiKey.expiresAt).toBe(expiresAt);
    await business(body.apiKey.key).expect(200);
    await ApiKeyModel.updateOne({ _id: body.apiKey.id }, { $set: { expiresAt: new Date() } });
    await ended(body.apiKey.key);
    expect((await list(who.token).expect(200)).body.apiKeys).toMatchObject([{ id: body.apiKey.id }]);
  });

  it('ends the predecessors, too, and cannot be rotated away', async () => {
    const who = await register();
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const first = (await create(who.token, { name: 'k', permissions: ['send_emails'], expiresAt })).body.apiKey;
    const second = (await rotate(who.token, first.id).expect(201)).body.apiKey;
    expect(second.expiresAt).toBe(expiresAt);
    await ApiKeyModel.updateOne({ _id: first.id }, { $set: { expiresAt: new Date() } });
    await ended(first.key);
    await ended(second.key);
    expect((await rotate(who.token, first.id).expect(409)).body.code).toBe('conflict');
    expect((await list(who.token)).body.apiKeys).toMatchObject([{ predecessors: [] }]);
  });
});

describe('POST /api/business/api-keys/:id/rotate', () => {
  async function made(who: Registered, body: object = {}) {
    const answer = await create(who.token, { name: 'Whisky', permissions: ['send_emails'], ...body }).expect(201);
    return answer.body.apiKey as { id: string; key: string; prefix: string };
  }
  const stored = async (id: string) => (await ApiKeyModel.findById(id).lean<ApiKey>())?.predecessors ?? [];

  it('shows a new key once, beside which the old one works for a day', async () => {
    const who = await register();
    const first = await made(who, { mode: 'test' });
    const { apiKey: second } = (await rotate(who.token, first.id).expect(201)).body;
    expect(second).toMatchObject({
      id: first.id,
      name: 'Whisky',
      mode: 'test',
      permissions: ['send_emails'],
      key: expect.stringMatching(/^pmh_test_\w{33}$/),
      predecessors: [{ prefix: first.prefix, until: expect.any(String) }],
    });
    expect(second.key).not.toBe(first.key);
    expect(Math.abs(Date.parse(second.predecessors[0].until) - Date.now() - 24 * HOUR_MS)).toBeLessThan(60_000);
    for (const { key } of [first, second]) {
      expect((await business(key).expect(200)).body.business.id).toBe(who.businessId);
      expect((await list(who.token)).text).not.toContain(key);
      expect(JSON.stringify(await ApiKeyModel.findById(first.id).lean())).not.toContain(key.slice(13));
    }

    await ApiKeyModel.updateOne({ _id: first.id }, { $set: { 'predecessors.0.until': new Date() } });
    await ended(first.key);
    await business(second.key).expect(200);
    expect((await list(who.token)).body.apiKeys[0].predecessors).toEqual([]);
  });

  it('ends the old one at once without an overlap', async () => {
    const who = await register();
    const first = await made(who);
    const { apiKey: second } = (await rotate(who.token, first.id, { overlapHours: 0 }).expect(201)).body;
    expect(second.predecessors).toEqual([]);
    await ended(first.key);
    await business(second.key).expect(200);
  });

  it('leaves the key that is in use its overlap when it is tried again, and no key a longer one', async () => {
    const who = await register();
    const first = await made(who);
    const lost = (await rotate(who.token, first.id, { overlapHours: 1 }).expect(201)).body.apiKey;
    const third = (await rotate(who.token, first.id, { overlapHours: 100 }).expect(201)).body.apiKey;
    for (const { key } of [first, lost, third]) await business(key).expect(200);
    const hoursLeft = (await stored(first.id)).map(({ until: end }) =>
      Math.round((end.getTime() - Date.now()) / HOUR_MS),
    );
    expect(hoursLeft).toEqual([100, 1]);

    const last = (await rotate(who.token, first.id, { overlapHours: 0 }).expect(201)).body.apiKey;
    for (const { key } of [first, lost, third]) await ended(key);
    await business(last.key).expect(200);
  });

  it('makes one new key of two rotations at once', async () => {
    const who = await register();
    const first = await made(who);
    for (let round = 0; round < 10; round += 1) {
      const both = await Promise.all([
        rotate(who.token, first.id, { overlapHours: 0.5 }),
        rotate(who.token, first.id, { overlapHours: 0.5 }),
      ]);
      const keys = both.flatMap(({ body }) => (body.apiKey ? [body.apiKey.key] : []));
      for (const key of keys) await business(key).expect(200);
      expect(both.filter(({ status }) => status === 201 || status === 409)).toHaveLength(2);
      expect(await stored(first.id)).toHaveLength(keys.length);
      await rotate(who.token, first.id, { overlapHours: 0 }).expect(201);
    }
  });

  it('keeps no more than ten keys at work beside the new one', async () => {
    const who = await register();
    const { id, key } = await made(who);
    for (let n = 0; n < 10; n += 1) await rotate(who.token, id).expect(201);
    expect((await rotate(who.token, id).expect(409)).body.message).toContain('overlapHours 0');
    await business(key).expect(200);
  });

  it('ends all of them when the key is deleted', async () => {
    const who = await register();
    const first = await made(who);
    const second = (await rotate(who.token, first.id).expect(201)).body.apiKey;
    for (const { key } of [first, second]) await business(key).expect(200);
    await remove(who.token, first.id).expect(200);
    for (const { key } of [first, second]) await ended(key);
  });

  it('shows nobody a key with a permission that he lacks', async () => {
    const who = await register();
    const { id } = await made(who, { permissions: ['send_emails', 'manage_campaigns'] });
    const { token } = await admin(who, { permissions: ['manage_settings', 'send_emails'] });
    const { body } = await rotate(token, id).expect(403);
    expect(body.message).toContain('lack manage_campaigns');
    expect(await stored(id)).toEqual([]);
  });

  it("does not know another business's key", async () => {
    const [who, other] = [await register(), await register()];
    const { id, key } = await made(other);
    expect((await rotate(who.token, id).expect(404)).body.code).toBe('not_found');
    await business(key).expect(200);
  });

  it.each([{ overlapHours: -1 }, { overlapHours: 169 }, { overlapHours: '24' }, { permissions: ['manage_users'] }])(
    'answers 422 to %j',
    async (body) => {
      const { token } = await bystander();
      await rotate(token, String(new Types.ObjectId()), body).expect(422);
    },
  );

  it('asks an index for either key', async () => {
    const plan = JSON.stringify(await ApiKeyModel.find(opensAt('x', new Date())).explain('queryPlanner'));
    expect(plan).toContain('predecessors.hash_1');
    expect(plan).not.toContain('COLLSCAN');
  });
});

describe('GET /api/business/api-keys', () => {
  it('tells who made each, also when he was removed', async () => {
    const who = await register();
    const maker = await admin(who, { name: 'Ann' });
    const { body } = await create(maker.token, { name: 'k', permissions: ['send_emails'] }).expect(201);
    expect(body.apiKey.createdBy).toEqual({ id: maker.id, name: 'Ann' });
    await UserModel.deleteOne({ _id: maker.id });
    const { apiKeys } = (await list(who.token).expect(200)).body;
    expect(apiKeys[0].createdBy).toEqual({ id: maker.id, name: null });
  });

  it('pages through them, newest first', async () => {
    const who = await register();
    for (const name of ['one', 'two', 'three']) await create(who.token, { name, permissions: ['send_emails'] });

    const first = (await list(who.token, '?limit=2').expect(200)).body;
    expect(first.apiKeys.map(({ name }: { name: string }) => name)).toEqual(['three', 'two']);
    expect(first.pagination).toEqual({ hasMore: true, nextCursor: expect.any(String) });

    const second = (await list(who.token, `?limit=2&cursor=${first.pagination.nextCursor}`).expect(200)).body;
    expect(second.apiKeys.map(({ name }: { name: string }) => name)).toEqual(['one']);
    expect(second.pagination).toEqual({ hasMore: false, nextCursor: null });
  });

  it('shows nobody the keys of another business', async () => {
    const [who, other] = [await register(), await register()];
    await apiKey(other, ['send_emails']);
    expect((await list(who.token).expect(200)).body.apiKeys).toEqual([]);
  });

  it.each(['?limit=0', '?limit=201', '?limit=x', '?cursor=x', '?limit=1&limit=2', '?page=2'])(
    'answers 422 to %s',
    async (query) => {
      const { token } = await bystander();
      expect((await list(token, query).expect(422)).body.code).toBe('validation_failed');
    },
  );
});

describe('DELETE /api/business/api-keys/:id', () => {
  it('ends the key within a second', async () => {
    const who = await register();
    const { body } = await create(who.token, { name: 'k', permissions: ['send_emails'] });
    await business(body.apiKey.key).expect(200);
    expect((await remove(who.token, body.apiKey.id).expect(200)).body).toEqual({ success: true });
    await ended(body.apiKey.key);
    await remove(who.token, body.apiKey.id).expect(404);
  });

  it("does not know another business's key", async () => {
    const [who, other] = [await register(), await register()];
    const { body } = await create(other.token, { name: 'k', permissions: ['send_emails'] });
    expect((await remove(who.token, body.apiKey.id).expect(404)).body.code).toBe('not_found');
    await business(body.apiKey.key).expect(200);
  });

  it('answers 422 to what is no id', async () => {
    const { token } = await bystander();
    await remove(token, 'abc').expect(422);
  });
});

describe('a key', () => {
  it('is the business’s: it works on when its maker loses a permission and when he is removed', async () => {
    const who = await register();
    const maker = await admin(who);
    const { key } = (await create(maker.token, { name: 'k', permissions: ['view_analytics'] }).expect(201)).body.apiKey;
    const usage = () => api().get('/api/business/usage').set('X-API-Key', key);
    await UserModel.updateOne({ _id: maker.id }, { $set: { permissions: [], isActive: false } });
    await usage().expect(200);
    await api().delete(`/api/users/${maker.id}`).auth(who.token, { type: 'bearer' }).expect(200);
    await usage().expect(200);
  });

  it('for tests says so by its name, and sends no campaign that a person made', async () => {
    const who = await register();
    const permissions = ['send_emails', 'view_analytics'];
    const { apiKey: made } = (await create(who.token, { name: 'k', permissions, mode: 'test' }).expect(201)).body;
    expect(made).toMatchObject({
      mode: 'test',
      key: expect.stringMatching(/^pmh_test_\w{33}$/),
      prefix: made.key.slice(0, 13),
    });
    await business(made.key).expect(200);
    const campaign = `/api/campaigns/${await draft(who, people(1))}`;
    for (const move of ['send', 'schedule', 'resume', 'retry', 'test']) {
      const { status, body } = await api().post(`${campaign}/${move}`).set('X-API-Key', made.key).send({});
      expect([move, status, body.message]).toEqual([move, 403, expect.stringContaining('test key')]);
    }
    await api().post(`${campaign}/pause`).set('X-API-Key', made.key).expect(409);
  });

  it('manages no keys, whatever it holds', async () => {
    const who = await register();
    const key = await apiKey(who, ['manage_settings', 'send_emails']);
    const [own] = (await list(who.token).expect(200)).body.apiKeys;
    const answers = [
      await create(key, { name: 'k', permissions: ['send_emails'] }),
      await list(key),
      await remove(key, own.id),
      await rotate(key, own.id),
    ];
    for (const { status, body } of answers) {
      expect(status).toBe(403);
      expect(body.code).toBe('forbidden');
    }
    expect(await ApiKeyModel.countDocuments({ business: who.businessId })).toBe(1);
  });

  it('is refused without a look into the database when its checksum is wrong', async () => {
    const key = await apiKey(await register(), ['send_emails']);
    await business(`${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`).expect(401);
  });

  it('ends with its business', async () => {
    const who = await register();
    const key = await apiKey(who, ['send_emails']);
    await BusinessModel.updateOne({ _id: who.businessId }, { $set: { status: 'cancelled' } });
    await until(async () => (await business(key)).status === 403, 2_000);
    expect((await business(key)).body.code).toBe('business_inactive');
  });

  it('notes when it was last used, at most once a minute', async () => {
    const who = await register();
    const key = await apiKey(who, ['send_emails']);
    const lastUsed = async () => (await ApiKeyModel.findOne({ business: who.businessId }).lean())?.lastUsed;

    await business(key).expect(200);
    const first = await until(lastUsed);
    await business(key).expect(200);
    expect(await lastUsed()).toEqual(first);

    const long = new Date(Date.now() - 61_000);
    await ApiKeyModel.updateOne({ business: who.businessId }, { $set: { lastUsed: long } });
    await until(async () => {
      await business(key).expect(200);
      return (await lastUsed())?.getTime() !== long.getTime();
    });
  });

  it('cannot name another business', async () => {
    const [who, other] = [await register(), await register()];
    const key = await apiKey(who, ['send_emails']);
    await business(key).set('X-Business-Id', other.businessId).expect(403);
  });
});
