import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { ApiKeyModel } from '../../src/models/api-key.js';
import { BusinessModel } from '../../src/models/business.js';
import { UserModel } from '../../src/models/user.js';
import { apiKey, once, type Registered, register, superAdmin } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { until } from '../support/until.js';

useHub();

const bystander = once(register);

const PATH = '/api/business/api-keys';
const create = (credential: string, body: object) => api().post(PATH).auth(credential, { type: 'bearer' }).send(body);
const list = (credential: string, query = '') =>
  api()
    .get(PATH + query)
    .auth(credential, { type: 'bearer' });
const remove = (credential: string, id: string) => api().delete(`${PATH}/${id}`).auth(credential, { type: 'bearer' });
const business = (key: string) => api().get('/api/business').set('X-API-Key', key);

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
      lastUsed: null,
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
  });

  it.each([
    ['no name', { permissions: ['send_emails'] }, 'name'],
    ['no permission', { name: 'k', permissions: [] }, 'permissions'],
    ['an unknown permission', { name: 'k', permissions: ['everything'] }, 'permissions.0'],
    ['an operator for a name', { name: { $gt: '' }, permissions: ['send_emails'] }, 'name'],
    ['a line break in the name', { name: 'a\nb', permissions: ['send_emails'] }, 'name'],
    ['a hash of its own', { name: 'k', permissions: ['send_emails'], hash: 'x' }, 'hash'],
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

describe('GET /api/business/api-keys', () => {
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
  it('ends the key at once', async () => {
    const who = await register();
    const { body } = await create(who.token, { name: 'k', permissions: ['send_emails'] });
    await business(body.apiKey.key).expect(200);
    expect((await remove(who.token, body.apiKey.id).expect(200)).body).toEqual({ success: true });
    await business(body.apiKey.key).expect(401);
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
  it('manages no keys, whatever it holds', async () => {
    const who = await register();
    const key = await apiKey(who, ['manage_settings', 'send_emails']);
    const [own] = (await list(who.token).expect(200)).body.apiKeys;
    const answers = [
      await create(key, { name: 'k', permissions: ['send_emails'] }),
      await list(key),
      await remove(key, own.id),
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
    expect((await business(key).expect(403)).body.code).toBe('business_inactive');
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
