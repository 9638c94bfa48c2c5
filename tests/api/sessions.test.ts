import jwt from 'jsonwebtoken';
import { describe, expect, it } from 'vitest';
import * as tokens from '../../src/services/tokens.js';
import { apiKey, register } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';

useHub();

const refresh = (token: string) => api().post('/api/auth/refresh').auth(token, { type: 'bearer' });
const logout = (token: string) => api().post('/api/auth/logout').auth(token, { type: 'bearer' });
const me = (token: string) => api().get('/api/auth/me').auth(token, { type: 'bearer' });
const login = async ({ email, password }: { email: string; password: string }) =>
  (await api().post('/api/auth/login').send({ email, password }).expect(200)).body.token as string;

const DAY_S = 86_400;

describe('POST /api/auth/refresh', () => {
  it('answers a token of the same session, whose login it remembers', async () => {
    const who = await register();
    const { version = 0 } = tokens.read(who.token) ?? {};
    const authTime = Math.floor(Date.now() / 1_000) - 29 * DAY_S;
    const old = tokens.renew({ userId: who.userId, version, authTime });

    const { body } = await refresh(old).expect(200);
    expect(body).toEqual({ success: true, token: expect.any(String) });
    expect(tokens.read(body.token)).toMatchObject({ userId: who.userId, authTime });
    // 30 days after the login it is over, however long a token may live.
    const { exp = 0 } = jwt.decode(body.token) as jwt.JwtPayload;
    expect(exp).toBe(authTime + 30 * DAY_S);
    await me(body.token).expect(200);
  });

  it('is for who is signed in, and for no key', async () => {
    const who = await register();
    await api().post('/api/auth/refresh').expect(401);
    await refresh('abc').expect(401);
    await refresh(await apiKey(who, ['send_emails'])).expect(403);
    const over = Math.floor(Date.now() / 1_000) - 31 * DAY_S;
    await refresh(tokens.renew({ userId: who.userId, version: 0, authTime: over })).expect(401);
  });
});

describe('POST /api/auth/logout', () => {
  it('ends every token of the user at once, also those that were renewed, and no later login', async () => {
    const who = await register();
    const [other, renewed] = [await login(who), (await refresh(who.token)).body.token];
    for (const token of [who.token, other, renewed]) await me(token).expect(200);
    await logout(other).expect(200, { success: true });
    for (const token of [who.token, other, renewed]) {
      await me(token).expect(401);
      await refresh(token).expect(401);
    }
    await me(await login(who)).expect(200);
  });

  it('ends them once, when two come at once: a login in between stays', async () => {
    const who = await register();
    await Promise.all([logout(who.token), logout(who.token)]);
    const again = await login(who);
    expect(tokens.read(again)?.version).toBe(1);
    await me(again).expect(200);
  });

  it('leaves others signed in, and is for no key', async () => {
    const [who, other] = [await register(), await register()];
    await logout(await apiKey(other, ['send_emails'])).expect(403);
    await logout(who.token).expect(200);
    await logout(who.token).expect(401);
    await me(other.token).expect(200);
  });
});
