import jwt from 'jsonwebtoken';
import { Types } from 'mongoose';
import { describe, expect, it, vi } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { UserModel } from '../../src/models/user.js';
import { USER_PERMISSIONS } from '../../src/permissions.js';
import { apiKey, register, superAdmin, unique } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { until } from '../support/until.js';

// Hashed as in production.
vi.unmock('bcrypt');

useHub();

const details = () => {
  const name = unique('biz');
  return {
    businessName: 'Test Business',
    domain: `${name}.test`,
    email: `admin@${name}.test`,
    password: 'Test123!',
    name: 'Admin',
  };
};

const login = (body: object) => api().post('/api/auth/login').send(body);
const me = (token: string) => api().get('/api/auth/me').auth(token, { type: 'bearer' });

describe('POST /api/auth/register', () => {
  it('makes a business and its first admin with every permission, and signs him in', async () => {
    const body = details();
    const answer = await api().post('/api/auth/register').send(body).expect(201);

    expect(answer.body).toEqual({
      success: true,
      token: expect.any(String),
      user: {
        id: expect.stringMatching(/^[0-9a-f]{24}$/),
        email: body.email,
        name: 'Admin',
        role: 'business_admin',
        permissions: [...USER_PERMISSIONS],
      },
      business: {
        id: expect.stringMatching(/^[0-9a-f]{24}$/),
        name: 'Test Business',
        domain: body.domain,
        subscription: {
          plan: 'free',
          emailsPerMonth: 1_000,
          emailsSentThisMonth: 0,
          billingCycle: 'monthly',
          nextBillingDate: null,
        },
      },
    });
    await me(answer.body.token).expect(200);
  });

  it('keeps the password as a bcrypt hash and leaves no registration open', async () => {
    const who = await register();
    const user = await UserModel.findById(who.userId).lean();
    expect(user?.password).toMatch(/^\$2b\$1[0-2]\$.{53}$/);
    expect(user?.founding).toBeUndefined();
    expect(await BusinessModel.findById(who.businessId).lean()).toMatchObject({
      status: 'active',
      settings: { timezone: 'UTC' },
      sesConfiguration: { verified: false, region: 'us-east-1' },
      quota: { reservations: [] },
    });
  });

  it('gives an address to one of many who ask at once, and makes one business', async () => {
    const body = details();
    const answers = await Promise.all(
      ['One', 'Two', 'Three'].map((businessName) =>
        api()
          .post('/api/auth/register')
          .send({ ...body, businessName }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.body.code).toBe('conflict');
    expect(await BusinessModel.countDocuments({ domain: body.domain })).toBe(1);
  });

  it('knows an address in another letter case', async () => {
    const { email } = await register();
    const answer = await api()
      .post('/api/auth/register')
      .send({ ...details(), email: email.toUpperCase() })
      .expect(409);
    expect(answer.body).toMatchObject({ success: false, code: 'conflict', requestId: expect.any(String) });
  });

  it('names everything that is wrong at once', async () => {
    const answer = await api()
      .post('/api/auth/register')
      .send({ domain: 'nonsense', email: 'x', password: 'short', name: ' ', role: 'super_admin' })
      .expect(422);
    expect(answer.body.code).toBe('validation_failed');
    expect(answer.body.errors.map(({ path }: { path: string }) => path).sort()).toEqual([
      'businessName',
      'domain',
      'email',
      'name',
      'password',
      'role',
    ]);
  });

  it.each([
    ['72 bytes', 'ä'.repeat(36), 201],
    ['more than 72 bytes, which bcrypt would cut', 'ä'.repeat(37), 422],
    ['8 characters', 'Test123!', 201],
    ['7 characters', 'Test12!', 422],
    ['nothing but spaces', ' '.repeat(12), 422],
  ])('answers a password of %s with its status', async (_case, password, status) => {
    await api()
      .post('/api/auth/register')
      .send({ ...details(), password })
      .expect(status);
  });
});

describe('POST /api/auth/login', () => {
  it('answers token, user and business, and notes the time', async () => {
    const who = await register();
    const { body } = await login({ email: who.email.toUpperCase(), password: who.password }).expect(200);
    expect(body).toMatchObject({ success: true, user: { id: who.userId }, business: { id: who.businessId } });
    expect(JSON.stringify(body)).not.toMatch(/\$2b\$|tokenVersion/);
    expect((await UserModel.findById(who.userId).lean())?.lastLogin).toBeInstanceOf(Date);
  });

  it('says the same of an unknown address, a wrong password and a deactivated user', async () => {
    const who = await register();
    const gone = await register();
    await UserModel.updateOne({ _id: gone.userId }, { $set: { isActive: false } });

    const answers = await Promise.all([
      login({ email: 'nobody@nowhere.test', password: who.password }),
      login({ email: who.email, password: 'Test123?' }),
      login({ email: gone.email, password: gone.password }),
    ]);
    for (const { status, body } of answers) {
      expect(status).toBe(401);
      expect(body).toEqual({ ...answers[0]?.body, requestId: body.requestId });
    }
  });

  it('completes a registration that broke off after its first write', async () => {
    const who = await register();
    await BusinessModel.deleteOne({ _id: who.businessId });
    await UserModel.updateOne({ _id: who.userId }, { $set: { founding: { name: 'Phoenix', domain: 'phoenix.test' } } });

    const { body } = await login({ email: who.email, password: who.password }).expect(200);
    expect(body.business).toMatchObject({ id: who.businessId, name: 'Phoenix', domain: 'phoenix.test' });
    expect((await UserModel.findById(who.userId).lean())?.founding).toBeUndefined();
  });

  it('answers 403 to the people of a suspended business', async () => {
    const who = await register();
    await BusinessModel.updateOne({ _id: who.businessId }, { $set: { status: 'suspended' } });
    const { body } = await login({ email: who.email, password: who.password }).expect(403);
    expect(body.code).toBe('business_inactive');
  });

  it('gives an administrator of the hub no business', async () => {
    const { body } = await me(await superAdmin()).expect(200);
    expect(body).toMatchObject({ user: { role: 'super_admin' }, business: null });
  });
});

describe('who asks', () => {
  it.each([
    ['nothing', {}, 'Bearer'],
    ['a token that is none', { Authorization: 'Bearer abc' }, 'Bearer error="invalid_token"'],
    ['another scheme', { Authorization: 'Basic YTpi' }, 'Bearer'],
    ['a made-up key', { 'X-API-Key': 'pmh_live_abc' }, 'Bearer error="invalid_token"'],
  ])('answers 401 and a challenge to %s', async (_case, headers, challenge) => {
    const answer = await api().get('/api/auth/me').set(headers).expect(401);
    expect(answer.body.code).toBe('unauthenticated');
    expect(answer.headers['www-authenticate']).toBe(challenge);
  });

  it('completes a registration that broke off, when its user comes with a token', async () => {
    const who = await register();
    await BusinessModel.deleteOne({ _id: who.businessId });
    await UserModel.updateOne({ _id: who.userId }, { $set: { founding: { name: 'Phoenix', domain: 'phoenix.test' } } });
    const answers = await Promise.all([me(who.token), me(who.token), me(who.token)]);
    for (const { body } of answers) expect(body.business).toMatchObject({ id: who.businessId, name: 'Phoenix' });
  });

  it.each([
    ['he is deactivated', { isActive: false }],
    ['his tokens were ended', { tokenVersion: 1 }],
  ])('ends a token within a second when %s', async (_case, change) => {
    const who = await register();
    await me(who.token).expect(200);
    await UserModel.updateOne({ _id: who.userId }, { $set: change });
    await until(async () => (await me(who.token)).status === 401, 1_500);
  });

  it('ends a token with its user', async () => {
    const who = await register();
    await UserModel.deleteOne({ _id: who.userId });
    await me(who.token).expect(401);
  });

  it('believes the database, not the token, about a permission', async () => {
    const who = await register();
    await UserModel.updateOne({ _id: who.userId }, { $set: { permissions: ['view_analytics'] } });
    await api().patch('/api/business').auth(who.token, { type: 'bearer' }).send({ name: 'Mine' }).expect(403);
  });

  it('does not believe a token it did not sign', async () => {
    const who = await register();
    const { payload } = jwt.decode(who.token, { complete: true }) as jwt.Jwt;
    await me(jwt.sign(payload as object, 'development-only')).expect(401);
  });

  it('does not take an API key for a user', async () => {
    const who = await register();
    const key = await apiKey(who, ['view_analytics']);
    await me(key).expect(403);
  });

  it('lets nobody but an administrator of the hub name a business', async () => {
    const [who, other] = [await register(), await register()];
    const root = await superAdmin();
    const business = (token: string, id?: string) =>
      api()
        .get('/api/business')
        .auth(token, { type: 'bearer' })
        .set(id === undefined ? {} : { 'X-Business-Id': id });

    expect((await business(who.token, other.businessId).expect(403)).body.code).toBe('forbidden');
    expect((await business(root, other.businessId).expect(200)).body.business.id).toBe(other.businessId);
    expect((await business(root).expect(422)).body.code).toBe('business_required');
    await business(root, String(new Types.ObjectId())).expect(404);
    await business(root, '{"$gt":""}').expect(404);
  });

  it.each(['/api/auth/me', '/api/business'])('may not even name his own business to %s', async (path) => {
    const who = await register();
    const { body } = await api()
      .get(path)
      .auth(who.token, { type: 'bearer' })
      .set('X-Business-Id', who.businessId)
      .expect(403);
    expect(body.code).toBe('forbidden');
  });
});
