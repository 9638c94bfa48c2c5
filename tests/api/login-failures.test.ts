import { describe, expect, it, vi } from 'vitest';
import { connectRedis, disconnectRedis, redis } from '../../src/redis.js';
import { register, unique } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { until } from '../support/until.js';

// Hashed as in production.
vi.unmock('bcrypt');

// Read with the first call of `config()`, which is this file's own.
process.env.TRUST_PROXY = '1';
useHub();

const HOME = '198.51.100.7';
const login = (email: string, password: string, ip = HOME) =>
  api().post('/api/auth/login').set('X-Forwarded-For', ip).send({ email, password });

/** Fails so often, whatever wait that has. */
async function fail(email: string, times: number, ip = HOME): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    await waited();
    await login(email, 'Wrong123!', ip).expect(401);
  }
}

/** Has the wait end now, as if its time had passed. */
async function waited(): Promise<void> {
  const waits = await redis().keys('pmh:failures:*:wait');
  if (waits.length > 0) await redis().del(...waits);
}

describe('failed logins', () => {
  it.each([
    ['an account', async () => (await register()).email],
    ['an address without one', async () => `${unique()}@nowhere.test`],
  ])('of %s wait after the fifth, ever longer, for 15 minutes at most', async (_case, make) => {
    const email = await make();
    await fail(email, 5);
    const waits: number[] = [];
    for (let n = 0; n < 12; n += 1) {
      const { body, headers } = await login(email, 'Wrong123!').expect(429);
      expect(body).toMatchObject({ success: false, code: 'rate_limited', requestId: expect.any(String) });
      waits.push(Number(headers['retry-after']));
      await fail(email, 1);
    }
    expect(waits.slice(0, 4)).toEqual([1, 2, 4, 8]);
    expect(waits.slice(-2)).toEqual([900, 900]);
  });

  it('have the right password wait as well, and are forgotten with it', async () => {
    const { email, password } = await register();
    await fail(email, 5);
    await login(email, password).expect(429);
    await until(async () => (await login(email, password)).status === 200);
    await fail(email, 5);
  });

  it.each([
    [
      'logins',
      async () => {
        const { email } = await register();
        return () => login(email, 'Wrong123!');
      },
    ],
    [
      'changes of a password',
      async () => {
        const { token } = await register();
        const wrong = { currentPassword: 'Wrong123!', newPassword: 'Another123!' };
        return () => api().post('/api/auth/change-password').auth(token, { type: 'bearer' }).send(wrong);
      },
    ],
  ])('wait as well where many %s come at once', async (_case, make) => {
    const guess = await make();
    const startedAt = performance.now();
    const statuses = (await Promise.all(Array.from({ length: 30 }, guess))).map(({ status }) => status);
    // Five are free, and two of them are tried side by side; each second lets one more through at most.
    const most = 7 + Math.floor((performance.now() - startedAt) / 1_000);
    expect(statuses.filter((status) => status !== 429).length).toBeLessThanOrEqual(most);
    expect(statuses).toContain(429);
  });

  it('hold up nobody elsewhere, and no other account', async () => {
    const [who, other] = [await register(), await register()];
    await fail(who.email, 10);
    await login(who.email, who.password, '203.0.113.9').expect(200);
    await login(other.email, other.password).expect(200);
    await login(who.email, who.password).expect(429);
  });

  it('are counted by network where the address is an IPv6', async () => {
    const { email, password } = await register();
    await fail(email, 5, '2001:db8:1:2::1');
    await login(email, password, '2001:db8:1:2:ffff::9').expect(429);
    await login(email, password, '2001:db8:ffff::1').expect(200);
  });

  it('count a wrong present password too, of whoever is signed in', async () => {
    const { token, password } = await register();
    const change = (currentPassword: string) =>
      api()
        .post('/api/auth/change-password')
        .auth(token, { type: 'bearer' })
        .send({ currentPassword, newPassword: 'Another123!' });
    for (let n = 0; n < 5; n += 1) await change('Wrong123!').expect(422);
    await change(password).expect(429);
  });

  it('leave no address behind in Redis', async () => {
    const { email } = await register();
    await fail(email, 1);
    const keys = (await redis().keys('pmh:failures:*')).join();
    expect(keys).not.toContain(email.split('@')[0]);
    expect(keys).not.toContain(HOME);
  });

  it('hold nobody up for long while Redis hangs', async () => {
    const { email, password } = await register();
    await redis().call('CLIENT', 'PAUSE', '2500', 'ALL');
    const startedAt = performance.now();
    await login(email, password).expect(200);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await until(
      async () =>
        (await redis()
          .ping()
          .catch(() => '')) === 'PONG',
    );
  });

  it('are not slowed while Redis is away: people can still sign in', async () => {
    const { email, password } = await register();
    await fail(email, 5);
    await disconnectRedis();
    await login(email, password).expect(200);
    await connectRedis();
  });
});
