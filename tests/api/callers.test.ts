import mongoose, { Types } from 'mongoose';
import { afterEach, describe, expect, it } from 'vitest';
import { ApiKeyModel } from '../../src/models/api-key.js';
import { BusinessModel } from '../../src/models/business.js';
import { UserModel } from '../../src/models/user.js';
import * as apiKeys from '../../src/services/api-keys.js';
import * as auth from '../../src/services/auth.js';
import { callers, createCallers } from '../../src/services/callers.js';
import { apiKey, once, type Registered, register, superAdmin } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { until } from '../support/until.js';

useHub();
afterEach(() => mongoose.set('debug', false));

/** What is read of MongoDB from now on, as `collection.method`. */
function reads(): string[] {
  const seen: string[] = [];
  mongoose.set('debug', (collection: string, method: string) => {
    if (!/^(insert|update|replace|delete)/.test(method)) seen.push(`${collection}.${method}`);
  });
  return seen;
}

const member = once(register);
const key = once(async () => apiKey(await member(), ['send_emails']));

describe('finding out who asks', () => {
  it.each([
    ['a user', async () => (await member()).token, auth.callerOf, 'users.aggregate'],
    ['an administrator of the hub', superAdmin, auth.callerOf, 'users.aggregate'],
    ['an API key', key, apiKeys.callerOf, 'apikeys.aggregate'],
  ] as const)(
    'costs one read for %s, however many ask at once, and none for a second',
    async (_case, make, of, read) => {
      const credential = await make();
      const known = createCallers();
      const seen = reads();
      const found = await Promise.all(Array.from({ length: 100 }, () => of(credential, known)));
      for (const caller of found) expect(caller).toEqual(found[0]);
      expect(found[0]?.id).toBeInstanceOf(Types.ObjectId);
      expect(seen).toEqual([read]);
      await of(credential, known);
      expect(seen).toEqual([read]);
    },
  );

  it('costs a request no read at all when he is known', async () => {
    const { token } = await member();
    const refresh = () => api().post('/api/auth/refresh').auth(token, { type: 'bearer' }).expect(200);
    callers.forget();
    const seen = reads();
    await refresh();
    await refresh();
    expect(seen).toEqual(['users.aggregate']);
  });

  it('asks nothing about what is no token and no key', async () => {
    const seen = reads();
    expect(await auth.callerOf('abc')).toBeUndefined();
    expect(await apiKeys.callerOf('pmh_live_abc')).toBeUndefined();
    expect(seen).toEqual([]);
  });
});

describe('what another process still knows of a caller', () => {
  const change = (who: Registered, set: object) => UserModel.updateOne({ _id: who.userId }, { $set: set });
  const suspend = (who: Registered) =>
    BusinessModel.updateOne({ _id: who.businessId }, { $set: { status: 'suspended' } });

  it.each([
    ['his deactivation', (who: Registered) => change(who, { isActive: false })],
    ['other permissions', (who: Registered) => change(who, { permissions: [] })],
    ['another role', (who: Registered) => change(who, { role: 'business_user' })],
    ['the end of his tokens', (who: Registered) => api().post('/api/auth/logout').auth(who.token, { type: 'bearer' })],
    ['his removal', (who: Registered) => UserModel.deleteOne({ _id: who.userId })],
    ['the suspension of his business', suspend],
  ])('is a second old at most: %s bites', async (_case, act) => {
    const who = await register();
    const elsewhere = createCallers();
    const find = () => auth.callerOf(who.token, elsewhere).catch(({ code }) => code);
    await expectWithinASecond(find, () => act(who));
  });

  it.each([
    ['its deletion', (who: Registered) => ApiKeyModel.deleteOne({ business: who.businessId })],
    ['the suspension of its business', suspend],
  ])('is a second old at most: of a key, %s bites', async (_case, act) => {
    const who = await register();
    const secret = await apiKey(who, ['send_emails']);
    const elsewhere = createCallers();
    const find = () => apiKeys.callerOf(secret, elsewhere).catch(({ code }) => code);
    await expectWithinASecond(find, () => act(who));
  });

  /** Whoever asks a second after the change gets the new answer: what is old was asked for before. */
  async function expectWithinASecond(find: () => Promise<unknown>, act: () => PromiseLike<unknown>): Promise<void> {
    const before = await find();
    expect(before).toMatchObject({ id: expect.any(Types.ObjectId) });
    await act();
    const changedAt = performance.now();
    let lastOld = 0;
    await until(
      async () => {
        const askedAt = performance.now();
        const isOld = JSON.stringify(await find()) === JSON.stringify(before);
        if (isOld) lastOld = askedAt - changedAt;
        return !isOld;
      },
      5_000,
      5,
    );
    expect(lastOld).toBeLessThan(1_000);
  }

  it('keeps no refusal: who may come back comes in at once', async () => {
    const who = await register();
    const elsewhere = createCallers();
    await suspend(who);
    await expect(auth.callerOf(who.token, elsewhere)).rejects.toMatchObject({ code: 'business_inactive' });
    await BusinessModel.updateOne({ _id: who.businessId }, { $set: { status: 'active' } });
    expect(await auth.callerOf(who.token, elsewhere)).toMatchObject({ kind: 'user' });

    await change(who, { isActive: false });
    const later = createCallers();
    expect(await auth.callerOf(who.token, later)).toBeUndefined();
    await change(who, { isActive: true });
    expect(await auth.callerOf(who.token, later)).toMatchObject({ kind: 'user' });
  });
});

describe('a session that began in another process a moment ago', () => {
  const elsewhere = createCallers();
  const post = (path: string, token: string, body: object) =>
    api().post(path).auth(token, { type: 'bearer' }).send(body).expect(200);

  it.each([
    [
      'after a sign-out',
      async ({ token, email, password }: Registered) => {
        await post('/api/auth/logout', token, {});
        return post('/api/auth/login', token, { email, password });
      },
    ],
    [
      'with another password',
      async ({ token, password }: Registered) =>
        post('/api/auth/change-password', token, { currentPassword: password, newPassword: 'Another123!' }),
    ],
  ])('is known at once: %s', async (_case, begin) => {
    const who = await register();
    expect(await auth.callerOf(who.token, elsewhere)).toBeDefined();
    const { token } = (await begin(who)).body;
    expect(await auth.callerOf(token, elsewhere)).toMatchObject({ kind: 'user', id: new Types.ObjectId(who.userId) });
    expect(await auth.callerOf(who.token, elsewhere)).toBeUndefined();
  });
});

describe('in the process that made the change', () => {
  it('a deleted key and a suspended business are out at once', async () => {
    const [who, root] = [await register(), await superAdmin()];
    const [gone, kept] = [await apiKey(who, ['send_emails']), await apiKey(who, ['send_emails'])];
    const ask = (credential: string) => api().get('/api/business').auth(credential, { type: 'bearer' });
    await ask(gone).expect(200);
    await ask(kept).expect(200);

    const { apiKeys: keys } = (await api().get('/api/business/api-keys').auth(who.token, { type: 'bearer' })).body;
    const { id } = keys.find(({ prefix }: { prefix: string }) => gone.startsWith(prefix));
    await api().delete(`/api/business/api-keys/${id}`).auth(who.token, { type: 'bearer' }).expect(200);
    await ask(gone).expect(401);
    await ask(kept).expect(200);

    const patch = api().patch(`/api/admin/businesses/${who.businessId}`).auth(root, { type: 'bearer' });
    await patch.send({ status: 'suspended' }).expect(200);
    for (const credential of [who.token, kept]) await ask(credential).expect(403);
  });
});
