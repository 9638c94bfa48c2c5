import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { register } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';

useHub();

const json = (text: string | Buffer, headers: Record<string, string> = {}) =>
  api()
    .post('/api/auth/login')
    .set({ 'Content-Type': 'application/json', ...headers })
    .serialize((body: unknown) => body as string)
    .send(text as string);

describe('a body', () => {
  it.each([
    ['cut off', '{"email":'],
    ['not JSON', 'email=a@b.c'],
    ['a lone word', 'hello'],
  ])('that is %s is a 400', async (_case, text) => {
    const { body } = await json(text).expect(400);
    expect(body).toMatchObject({ success: false, code: 'malformed', requestId: expect.any(String) });
  });

  it.each([
    ['operators', { email: { $gt: '' }, password: { $ne: null } }],
    ['lists', { email: ['a@b.c'], password: ['x'] }],
    ['numbers', { email: 1, password: 2 }],
    ['null', { email: null, password: null }],
  ])('with %s in place of strings is a 422 that names both', async (_case, body) => {
    const answer = await api().post('/api/auth/login').send(body).expect(422);
    expect(answer.body.errors.map(({ path }: { path: string }) => path)).toEqual(['email', 'password']);
  });

  it.each(['[]', '[{"email":"a@b.c"}]'])('that is the list %s is a 422', async (text) => {
    expect((await json(text).expect(422)).body.code).toBe('validation_failed');
  });

  it.each(['', '{}'])('that is empty (%j) is a 422 that names what is missing', async (text) => {
    const answer = await json(text).expect(422);
    expect(answer.body.errors.map(({ path }: { path: string }) => path)).toEqual(['email', 'password']);
  });

  it('with an unknown field is a 422 that names it', async () => {
    const body = { email: 'a@b.test', password: 'x', remember: true, $where: '1' };
    const answer = await api().post('/api/auth/login').send(body).expect(422);
    expect(answer.body.errors).toEqual([
      { path: 'remember', message: 'is not a known field' },
      { path: '$where', message: 'is not a known field' },
    ]);
  });

  it('with __proto__ in it is a 422', async () => {
    await json('{"email":"a@b.test","password":"x","__proto__":{"role":"super_admin"}}').expect(422);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'of type %s is a 415',
    async (type) => {
      const answer = await json('{"email":"a@b.c","password":"x"}', { 'Content-Type': type }).expect(415);
      expect(answer.body.code).toBe('unsupported_media_type');
    },
  );

  it.each(['utf-16', 'utf-7', 'latin1', '"utf-16"'])('in %s is a 415: JSON is UTF-8', async (charset) => {
    const answer = await json('{"email":"a@b.c","password":"x"}', {
      'Content-Type': `application/json; charset=${charset}`,
    });
    expect(answer).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
  });

  it.each(['utf-8', 'UTF-8', '"utf-8"'])('in %s is read', async (charset) => {
    const answer = await json('{"email":"nobody@nowhere.test","password":"x"}', {
      'Content-Type': `application/json; charset=${charset}`,
    });
    expect(answer.status).toBe(401);
  });

  it('that is compressed is a 415: a few bytes must not unfold into a flood', async () => {
    const packed = gzipSync(JSON.stringify({ email: 'a@b.c', password: 'x' }));
    const answer = await json(packed, { 'Content-Encoding': 'gzip' }).expect(415);
    expect(answer.body.code).toBe('unsupported_media_type');
  });

  it('that is huge is a 413', async () => {
    const answer = await json(JSON.stringify({ email: 'a@b.c', password: 'x'.repeat(300_000) })).expect(413);
    expect(answer.body.code).toBe('payload_too_large');
  });
});

describe('a URL', () => {
  it.each([
    ['/api/nothing', 404, 'not_found'],
    ['/', 404, 'not_found'],
    ['/api/auth/%E0%A4%A', 400, 'malformed'],
  ])('%s is a %d in JSON', async (path, status, code) => {
    const answer = await api().get(path).expect(status).expect('Content-Type', /json/);
    expect(answer.body).toMatchObject({ success: false, code });
  });

  it('with an id that is not properly encoded is a 400', async () => {
    const { token } = await register();
    const answer = await api().delete('/api/business/api-keys/%E0%A4%A').auth(token, { type: 'bearer' }).expect(400);
    expect(answer.body.code).toBe('malformed');
  });

  it('with operators in its query is a 422', async () => {
    const { token } = await register();
    const answer = await api()
      .get('/api/business/api-keys?limit[$gt]=1&cursor[$ne]=x')
      .auth(token, { type: 'bearer' })
      .expect(422);
    expect(answer.body.errors).toHaveLength(2);
  });
});

describe('a request id', () => {
  it('is taken where it is one, and comes back in header and failure', async () => {
    const answer = await api().get('/api/auth/me').set('X-Request-Id', 'whisky-42').expect(401);
    expect(answer.headers['x-request-id']).toBe('whisky-42');
    expect(answer.body.requestId).toBe('whisky-42');
  });

  it('is made where it is none', async () => {
    const answer = await api().get('/api/auth/me').set('X-Request-Id', 'two words').expect(401);
    expect(answer.body.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });
});
