import { describe, expect, it } from 'vitest';
import { endpointsOf } from '../../src/docs/endpoints.js';
import { mounts } from '../../src/routes/index.js';
import { api, useHub } from '../support/hub.js';

// Read with the first call of `config()`, which is this file's own.
process.env.FRONTEND_URL = 'https://dashboard.test, http://localhost:5173/, https://Apps.test:443/hub';
useHub();

const HEADERS = ['Authorization', 'X-API-Key', 'X-Business-Id', 'Content-Type', 'Idempotency-Key', 'X-Request-Id'];

function preflight(origin: string, path = '/api/campaigns', method = 'POST') {
  return api()
    .options(path)
    .set({
      Origin: origin,
      'Access-Control-Request-Method': method,
      'Access-Control-Request-Headers': HEADERS.join(',').toLowerCase(),
    });
}

const named = (header: string | undefined) => (header ?? '').split(',').map((one) => one.trim());

describe('a page of an origin in FRONTEND_URL', () => {
  it.each(['https://dashboard.test', 'http://localhost:5173', 'https://apps.test'])(
    'may call the API from %s, and read what it says beside the answer',
    async (origin) => {
      const { headers } = await api().get('/api/health').set('Origin', origin).expect(200);
      expect(headers['access-control-allow-origin']).toBe(origin);
      expect(headers.vary).toMatch(/\bOrigin\b/);
      expect(named(headers['access-control-expose-headers'])).toEqual(
        expect.arrayContaining(['X-Request-Id', 'Retry-After', 'RateLimit', 'RateLimit-Policy', 'Idempotent-Replayed']),
      );
    },
  );

  it('may send every header that the contract knows, by every method there is', async () => {
    const methods = new Set(endpointsOf(mounts).map(({ method }) => method.toUpperCase()));
    for (const method of methods) {
      const { headers } = await preflight('https://dashboard.test', '/api/campaigns', method).expect(204);
      expect(headers['access-control-allow-origin']).toBe('https://dashboard.test');
      expect(named(headers['access-control-allow-methods'])).toContain(method);
      expect(named(headers['access-control-allow-headers'])).toEqual(expect.arrayContaining(HEADERS));
      expect(Number(headers['access-control-max-age'])).toBeGreaterThan(0);
    }
  });

  it('reads refusals, too', async () => {
    const { headers } = await api().get('/api/campaigns').set('Origin', 'https://dashboard.test').expect(401);
    expect(headers['access-control-allow-origin']).toBe('https://dashboard.test');
  });

  it('sends no credentials of the browser’s', async () => {
    const { headers } = await preflight('https://dashboard.test').expect(204);
    expect(headers).not.toHaveProperty('access-control-allow-credentials');
  });

  it('needs no sign-in to ask what it may do', async () => {
    expect((await preflight('https://dashboard.test', '/api/business/ses', 'PUT')).status).toBe(204);
  });
});

describe('a page of any other origin', () => {
  it.each([
    'https://evil.test',
    'http://dashboard.test',
    'https://dashboard.test.evil.test',
    'https://dashboard.test:8443',
    'https://apps.test/hub',
    'null',
  ])('may not, from %s', async (origin) => {
    for (const answer of [await preflight(origin), await api().get('/api/health').set('Origin', origin)]) {
      expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
      expect(answer.headers).not.toHaveProperty('access-control-allow-credentials');
    }
  });
});

describe('every answer', () => {
  it.each([
    ['/api/health', 200],
    ['/api/campaigns', 401],
    ['/nothing', 404],
    ['/u/nothing', 404],
    ['/api/docs', 200],
  ])('of %s (%d) forbids what a browser could be led to do with it', async (path, status) => {
    const { headers } = await api().get(path).expect(status);
    expect(headers['content-security-policy']).toMatch(/default-src 'none'/);
    expect(headers['content-security-policy']).toMatch(/frame-ancestors 'none'/);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'strict-transport-security': expect.stringMatching(/^max-age=\d{8}/),
    });
    expect(headers).not.toHaveProperty('x-powered-by');
  });
});
