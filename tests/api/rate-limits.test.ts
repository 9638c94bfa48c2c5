import request from 'supertest';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../src/app.js';
import { BusinessModel } from '../../src/models/business.js';
import { connectRedis, disconnectRedis, redis } from '../../src/redis.js';
import { apiKey, register, superAdmin } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { until } from '../support/until.js';

// Read with the first call of `config()`, which is this file's own.
process.env.RATE_LIMITS = 'free=5,pro=8,enterprise=9';
process.env.AUTH_ATTEMPTS_PER_MINUTE = '1000000';
useHub();

const read = (token: string) => api().get('/api/business').auth(token, { type: 'bearer' });
const leftOf = (headers: Record<string, string>) => Number(/r=(\d+)/.exec(headers.ratelimit ?? '')?.[1]);

async function exhaust(token: string): Promise<void> {
  await until(async () => (await read(token)).status === 429);
}

describe('the limit of a business', () => {
  it('is its plan’s a minute, then a 429 that says when to come back', async () => {
    const { token } = await register();
    for (const left of [4, 3, 2, 1, 0]) {
      const answer = await read(token).expect(200);
      expect(answer.headers.ratelimit).toMatch(new RegExp(`^"business"; r=${left}; t=\\d+$`));
      expect(answer.headers['ratelimit-policy']).toMatch(/^"business"; q=5; w=60; pk=/);
    }
    const { body, headers } = await read(token).expect(429);
    expect(body).toMatchObject({ success: false, code: 'rate_limited', requestId: expect.any(String) });
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(headers['retry-after'])).toBeLessThanOrEqual(60);
  });

  it('is shared by its users and keys, and by nobody else', async () => {
    const [who, other] = [await register(), await register()];
    const key = await apiKey(who, ['manage_campaigns']);
    const first = leftOf((await read(who.token)).headers);
    expect(leftOf((await read(key)).headers)).toBe(first - 1);
    await exhaust(key);
    await read(who.token).expect(429);
    await read(other.token).expect(200);
  });

  it('follows the plan', async () => {
    const who = await register();
    await BusinessModel.updateOne({ _id: who.businessId }, { $set: { 'subscription.plan': 'pro' } });
    const answer = await until(async () => {
      const now = await read(who.token);
      return now.headers['ratelimit-policy']?.includes('q=8') ? now : undefined;
    });
    expect(answer.status).toBe(200);
  });

  it('goes by the business, wherever its requests come from', async () => {
    const { token } = await register();
    await exhaust(token);
    await read(token).set('X-Forwarded-For', '203.0.113.77').expect(429);
  });

  it('counts what is refused, too, but not who is unknown', async () => {
    const { token } = await register();
    const post = () => api().post('/api/campaigns').auth(token, { type: 'bearer' }).send({});
    const first = leftOf((await post().expect(422)).headers);
    expect(leftOf((await post().expect(422)).headers)).toBe(first - 1);
    expect((await read('nobody').expect(401)).headers.ratelimit).toBeUndefined();
  });

  it('counts behind the sign-in of /api/auth, too', async () => {
    const { token } = await register();
    const answer = await api().get('/api/auth/me').auth(token, { type: 'bearer' }).expect(200);
    expect(answer.headers['ratelimit-policy']).toMatch(/^"business"; q=5; /);
  });

  it('asks Redis once a request, and MongoDB no more than without it', async () => {
    const { token } = await register();
    await read(token).expect(200);
    // Of this process: the server counts what other files ask at the same time, too.
    const asked = vi.spyOn(redis(), 'sendCommand');
    await read(token).expect(200);
    expect(asked.mock.calls.filter(([{ name }]) => name.toLowerCase() === 'evalsha')).toHaveLength(1);
    asked.mockRestore();
  });
});

describe('the limit of an administrator of the hub', () => {
  it('is his own, whichever business he acts for', async () => {
    const [who, token] = [await register(), await superAdmin()];
    const answer = await read(token).set('X-Business-Id', who.businessId).expect(200);
    expect(answer.headers['ratelimit-policy']).toMatch(/^"user"; q=9; /);
    expect(leftOf((await read(who.token).expect(200)).headers)).toBe(4);
  });
});

describe('the limit of the documentation', () => {
  it('goes by the address that asks, not by what it says of itself', async () => {
    const get = (forwarded: string) => api().get('/api/docs').set('X-Forwarded-For', forwarded);
    const first = await get('203.0.113.1').expect(200);
    expect(first.headers['ratelimit-policy']).toMatch(/^"docs"; q=120; /);
    // TRUST_PROXY is 0 here.
    expect(leftOf((await get('203.0.113.2').expect(200)).headers)).toBe(leftOf(first.headers) - 1);
  });
});

describe('no limit', () => {
  it.each(['/api/health', '/t/o/nothing', '/u/nothing'])('is on %s', async (path) => {
    expect((await api().get(path)).headers.ratelimit).toBeUndefined();
  });

  it('is on what SNS posts', async () => {
    const answer = await api().post('/api/inbound/ses/nothing').send({});
    expect(answer.headers.ratelimit).toBeUndefined();
  });
});

describe('while Redis', () => {
  afterEach(async () => {
    await disconnectRedis();
    await connectRedis();
  });

  it('is away, each process counts for itself', async () => {
    const { token } = await register();
    await disconnectRedis();
    const app = request(createApp());
    for (let n = 0; n < 5; n += 1) await app.get('/api/business').auth(token, { type: 'bearer' }).expect(200);
    await app.get('/api/business').auth(token, { type: 'bearer' }).expect(429);
  });

  it('hangs, nobody waits for it longer than a moment, and few wait at all', async () => {
    const { token } = await register();
    await redis().call('CLIENT', 'PAUSE', '2000', 'ALL');
    const startedAt = performance.now();
    for (let n = 0; n < 4; n += 1) await read(token).expect(200);
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    await until(
      async () =>
        (await redis()
          .ping()
          .catch(() => '')) === 'PONG',
    );
  });
});
