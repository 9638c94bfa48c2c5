import request from 'supertest';
import { expect, it } from 'vitest';
import { createApp } from '../../src/app.js';
import { connectRedis, disconnectRedis, redis } from '../../src/redis.js';
import { register } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { until } from '../support/until.js';

// Read with the first call of `config()`, which is this file's own.
delete process.env.RATE_LIMITS;
process.env.AUTH_ATTEMPTS_PER_MINUTE = '3';
process.env.TRUST_PROXY = '1';
useHub();

const attempt = (ip: string) =>
  api().post('/api/auth/login').set('X-Forwarded-For', ip).send({ email: 'nobody@nowhere.test', password: 'x' });

it('lets so many attempts a minute through and answers the next with 429 and when to come back', async () => {
  for (const left of [2, 1, 0]) {
    const answer = await attempt('192.0.2.1').expect(401);
    expect(answer.headers.ratelimit).toMatch(new RegExp(`^"auth"; r=${left}; t=\\d+$`));
    expect(answer.headers['ratelimit-policy']).toMatch(/^"auth"; q=3; w=60; /);
  }
  const answer = await attempt('192.0.2.1').expect(429);
  expect(answer.body).toMatchObject({ success: false, code: 'rate_limited', requestId: expect.any(String) });
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(60);
});

it('counts every address by itself, and all processes together', async () => {
  for (let n = 0; n < 4; n += 1) await attempt('192.0.2.2');
  await attempt('192.0.2.2').expect(429);
  await attempt('192.0.2.3').expect(401);
});

it('counts only attempts: who reads is not held up', async () => {
  for (let n = 0; n < 5; n += 1) {
    const answer = await api().get('/api/auth/me').set('X-Forwarded-For', '192.0.2.4').expect(401);
    expect(answer.headers.ratelimit).toBeUndefined();
  }
});

it('goes on counting after Redis has forgotten its scripts', async () => {
  await redis().call('SCRIPT', 'FLUSH');
  const answer = await attempt('192.0.2.5').expect(401);
  expect(answer.headers.ratelimit).toMatch(/r=2/);
});

it('counts for itself while Redis is away, and with all the others once it is back', async () => {
  await disconnectRedis();
  const app = request(createApp());
  const attemptAt = () =>
    app
      .post('/api/auth/login')
      .set('X-Forwarded-For', '192.0.2.6')
      .send({ email: 'nobody@nowhere.test', password: 'x' });
  for (let n = 0; n < 3; n += 1) await attemptAt().expect(401);
  await attemptAt().expect(429);

  await connectRedis();
  const counted = await until(async () => (await attemptAt()).status === 401 && redis().keys('pmh:auth:*192.0.2.6'));
  expect(counted).toHaveLength(1);
});

it('takes the address that the proxy saw, whatever its caller says', async () => {
  for (let n = 0; n < 3; n += 1) await attempt(`198.51.100.${n}, 192.0.2.7`).expect(401);
  await attempt('198.51.100.9, 192.0.2.7').expect(429);
});

it('counts nobody by his address who is signed in', async () => {
  const who = await register();
  for (let n = 0; n < 5; n += 1) {
    const answer = await api()
      .post('/api/campaigns')
      .auth(who.token, { type: 'bearer' })
      .set('X-Forwarded-For', '192.0.2.8')
      .send({});
    expect(answer.status).toBe(422);
    expect(answer.headers['ratelimit-policy']).toMatch(/^"business"; q=600; w=60; /);
  }
});
