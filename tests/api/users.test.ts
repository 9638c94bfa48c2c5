import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { UserModel } from '../../src/models/user.js';
import { USER_PERMISSIONS } from '../../src/permissions.js';
import { apiKey, once, register, superAdmin, unique } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { admin, member } from '../support/people.js';
import { until } from '../support/until.js';

useHub();

const bystander = once(register);
const PASSWORD = 'correct horse';

const list = (token: string, query = '') => api().get(`/api/users${query}`).auth(token, { type: 'bearer' });
const get = (token: string, id: string) => api().get(`/api/users/${id}`).auth(token, { type: 'bearer' });
const create = (token: string, body: object) => api().post('/api/users').auth(token, { type: 'bearer' }).send(body);
const patch = (token: string, id: string, body: object) =>
  api().patch(`/api/users/${id}`).auth(token, { type: 'bearer' }).send(body);
const remove = (token: string, id: string) => api().delete(`/api/users/${id}`).auth(token, { type: 'bearer' });
const me = (token: string) => api().get('/api/auth/me').auth(token, { type: 'bearer' });
const login = (email: string, password = PASSWORD) => api().post('/api/auth/login').send({ email, password });
/** What a change of rights brings may be a second late: processes may keep for so long who somebody is. */
const soon = (status: number, call: () => PromiseLike<{ status: number }>) =>
  until(async () => (await call()).status === status, 2_000);
const person = () => ({ email: `${unique('ann')}@people.test`, name: 'Ann', password: PASSWORD });
const emails = (answer: { body: { users: { email: string }[] } }) => answer.body.users.map(({ email }) => email);

describe('POST /api/users', () => {
  it('makes a user who can sign in, with the rights that were given', async () => {
    const who = await register();
    const ann = person();
    const { body } = await create(who.token, { ...ann, permissions: ['send_emails', 'send_emails'] }).expect(201);
    expect(body.user).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      email: ann.email,
      name: 'Ann',
      role: 'business_user',
      permissions: ['send_emails'],
      isActive: true,
      lastLogin: null,
      createdAt: expect.any(String),
    });
    const session = (await login(ann.email).expect(200)).body;
    expect(session.user).toMatchObject({ id: body.user.id, role: 'business_user', permissions: ['send_emails'] });
    expect(session.business.id).toBe(who.businessId);
  });

  it('gives an administrator all that its maker holds, and another nothing, where no permissions are named', async () => {
    const who = await register();
    const second = await create(who.token, { ...person(), role: 'business_admin' }).expect(201);
    expect(second.body.user.permissions).toEqual([...USER_PERMISSIONS]);
    expect((await create(who.token, person()).expect(201)).body.user.permissions).toEqual([]);
  });

  it('grants nothing that its maker lacks', async () => {
    const who = await register();
    const { token } = await member(who, { permissions: ['manage_users', 'view_analytics'] });
    const answer = await create(token, { ...person(), permissions: ['view_analytics', 'send_emails'] }).expect(403);
    expect(answer.body).toMatchObject({ code: 'forbidden', message: expect.stringContaining('lack send_emails') });
    await create(token, { ...person(), permissions: ['view_analytics'] }).expect(201);
  });

  it('lets nobody but an administrator make one', async () => {
    const who = await register();
    const { token } = await member(who, { permissions: [...USER_PERMISSIONS] });
    const answer = await create(token, { ...person(), role: 'business_admin' }).expect(403);
    expect(answer.body.message).toContain('administrator');
    expect(await UserModel.countDocuments({ business: who.businessId, role: 'business_admin' })).toBe(1);
  });

  it('lets an administrator of the hub make one for a business, and needs to know which', async () => {
    const who = await register();
    const root = await superAdmin();
    await create(root, { ...person(), role: 'business_admin' })
      .set('X-Business-Id', who.businessId)
      .expect(201);
    expect(await UserModel.countDocuments({ business: who.businessId, role: 'business_admin' })).toBe(2);
    expect((await create(root, person()).expect(422)).body.code).toBe('business_required');
  });

  it('answers 409 to an address that has an account, in whatever business and spelling', async () => {
    const [who, other] = [await register(), await register()];
    const answer = await create(who.token, { ...person(), email: other.email.toUpperCase() }).expect(409);
    expect(answer.body.code).toBe('conflict');
    expect(await UserModel.countDocuments({ business: who.businessId })).toBe(1);
  });

  it.each([
    ['a super_admin', { role: 'super_admin' }, 'role'],
    [
      'an administrator who could not manage users',
      { role: 'business_admin', permissions: ['send_emails'] },
      'permissions',
    ],
    ['a permission of keys', { permissions: ['send_transactional'] }, 'permissions.0'],
    ['a short password', { password: 'short' }, 'password'],
    ['no address', { email: 'ann' }, 'email'],
    ['an operator for an address', { email: { $gt: '' } }, 'email'],
    ['another business', { business: String(new Types.ObjectId()) }, 'business'],
    ['a token version', { tokenVersion: 7 }, 'tokenVersion'],
  ])('answers 422 to %s', async (_case, body, path) => {
    const answer = await create((await bystander()).token, { ...person(), ...body }).expect(422);
    expect(answer.body.errors.map((problem: { path: string }) => problem.path)).toContain(path);
  });
});

describe('GET /api/users', () => {
  it('pages through them, newest first, and shows nobody else’s', async () => {
    const [who, other] = [await register(), await register()];
    const [ann, ben] = [await member(who), await member(who)];
    const first = (await list(who.token, '?limit=2').expect(200)).body;
    expect(emails({ body: first })).toEqual([ben.email, ann.email]);
    const second = await list(who.token, `?limit=2&cursor=${first.pagination.nextCursor}`).expect(200);
    expect(emails(second)).toEqual([who.email]);
    expect(emails(await list(other.token).expect(200))).toEqual([other.email]);
  });

  it('finds by the beginning of the address, taken as it is', async () => {
    const who = await register();
    const word = unique('find');
    const dotted = await member(who, { email: `${word}.x@people.test` });
    await member(who, { email: `${word}yx@people.test` });
    expect(emails(await list(who.token, `?search=${word.toUpperCase()}.`).expect(200))).toEqual([dotted.email]);
    expect(emails(await list(who.token, '?search=people').expect(200))).toEqual([]);
    expect(emails(await list(who.token, '?search=.*').expect(200))).toEqual([]);
  });

  it('filters by role and by activity', async () => {
    const who = await register();
    const gone = await member(who, { isActive: false });
    const here = await member(who);
    expect(emails(await list(who.token, '?role=business_admin').expect(200))).toEqual([who.email]);
    expect(emails(await list(who.token, '?isActive=false').expect(200))).toEqual([gone.email]);
    expect(emails(await list(who.token, '?isActive=true&role=business_user').expect(200))).toEqual([here.email]);
  });

  it('never shows a hash or a token', async () => {
    const who = await register();
    const secrets = { password: '$2b$11$hashhash', resetPasswordToken: 'reset-secret' };
    const { id } = await member(who, secrets);
    for (const { text } of [await list(who.token).expect(200), await get(who.token, id).expect(200)]) {
      expect(text).not.toMatch(/\$2b|reset-secret|password|token/i);
    }
  });

  it.each(['?role=super_admin', '?isActive=yes', '?search=', '?limit=0', '?cursor=x', '?email=a'])(
    'answers 422 to %s',
    async (query) => {
      expect((await list((await bystander()).token, query).expect(422)).body.code).toBe('validation_failed');
    },
  );
});

describe('PATCH /api/users/:id', () => {
  it('changes name, role and permissions, which bite within a second', async () => {
    const who = await register();
    const ann = await member(who);
    await list(ann.token).expect(403);
    const { body } = await patch(who.token, ann.id, { name: 'Ann Lee', permissions: ['manage_users'] }).expect(200);
    expect(body.user).toMatchObject({ id: ann.id, name: 'Ann Lee', permissions: ['manage_users'] });
    await soon(200, () => list(ann.token));
    const risen = await patch(who.token, ann.id, { role: 'business_admin' }).expect(200);
    expect(risen.body.user).toMatchObject({ role: 'business_admin', permissions: [...USER_PERMISSIONS] });
    const fallen = await patch(who.token, ann.id, { role: 'business_user', permissions: [] }).expect(200);
    expect(fallen.body.user).toMatchObject({ role: 'business_user', permissions: [] });
  });

  it('ends the sign-ins of whoever is deactivated, also once he is let in again', async () => {
    const who = await register();
    const ann = person();
    const { id } = (await create(who.token, ann).expect(201)).body.user;
    const { token } = (await login(ann.email).expect(200)).body;
    await patch(who.token, id, { isActive: false }).expect(200);
    await soon(401, () => me(token));
    await login(ann.email).expect(401);
    await patch(who.token, id, { isActive: true }).expect(200);
    await me(token).expect(401);
    await login(ann.email).expect(200);
  });

  it.each([
    ['role', { role: 'business_user' }],
    ['permissions', { permissions: [...USER_PERMISSIONS] }],
    ['activity', { isActive: false }],
  ])('lets nobody change his own %s', async (_what, changes) => {
    const who = await register();
    await admin(who);
    const before = await UserModel.findById(who.userId).lean();
    expect((await patch(who.token, who.userId, changes).expect(403)).body.code).toBe('forbidden');
    expect(await UserModel.findById(who.userId).lean()).toEqual(before);
  });

  it('lets everybody who manages users change his own name', async () => {
    const who = await register();
    expect((await patch(who.token, who.userId, { name: 'Anna' }).expect(200)).body.user.name).toBe('Anna');
  });

  it('lets only permissions be added that the caller holds; those that are there may stay or go', async () => {
    const who = await register();
    const manager = await member(who, { permissions: ['manage_users', 'view_analytics'] });
    const ann = await member(who, { permissions: ['send_emails'] });
    await patch(manager.token, ann.id, { permissions: ['send_emails', 'manage_settings'] }).expect(403);
    const { body } = await patch(manager.token, ann.id, { permissions: ['send_emails', 'view_analytics'] }).expect(200);
    expect(body.user.permissions).toEqual(['send_emails', 'view_analytics']);
    await patch(manager.token, ann.id, { permissions: [] }).expect(200);
    await patch(manager.token, ann.id, { permissions: ['send_emails'] }).expect(403);
  });

  it('lets nobody back in with permissions that the caller lacks', async () => {
    const who = await register();
    const manager = await member(who, { permissions: ['manage_users'] });
    const ann = await member(who, { permissions: ['send_emails'], isActive: false });
    await patch(manager.token, ann.id, { isActive: true }).expect(403);
    await patch(who.token, ann.id, { isActive: true }).expect(200);
  });

  it('lets nobody but an administrator touch one, or make one', async () => {
    const who = await register();
    const manager = await member(who, { permissions: [...USER_PERMISSIONS] });
    const [second, ann] = [await admin(who), await member(who)];
    for (const answer of [
      await patch(manager.token, second.id, { name: 'x' }),
      await patch(manager.token, second.id, { isActive: false }),
      await patch(manager.token, second.id, { role: 'business_user' }),
      await remove(manager.token, second.id),
      await patch(manager.token, ann.id, { role: 'business_admin' }),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([403, 'forbidden']);
    }
    expect(await UserModel.countDocuments({ business: who.businessId, role: 'business_admin', isActive: true })).toBe(
      2,
    );
  });

  it('answers 422 to an administrator who could not manage users, an address and a password', async () => {
    const who = await register();
    const second = await admin(who);
    const paths = async (body: object) =>
      (await patch(who.token, second.id, body).expect(422)).body.errors.map(({ path }: { path: string }) => path);
    expect(await paths({ permissions: ['send_emails'] })).toEqual(['permissions']);
    expect(await paths({ email: 'mine@people.test', password: PASSWORD })).toEqual(['email', 'password']);
    expect(await paths({ role: 'super_admin' })).toEqual(['role']);
  });
});

describe('DELETE /api/users/:id', () => {
  it('ends his sign-ins and frees his address', async () => {
    const who = await register();
    const ann = await member(who);
    await me(ann.token).expect(200);
    expect((await remove(who.token, ann.id).expect(200)).body).toEqual({ success: true });
    await soon(401, () => me(ann.token));
    await get(who.token, ann.id).expect(404);
    await remove(who.token, ann.id).expect(404);
    await create(who.token, { ...person(), email: ann.email }).expect(201);
  });

  it('lets nobody remove himself', async () => {
    const who = await register();
    await admin(who);
    expect((await remove(who.token, who.userId).expect(403)).body.code).toBe('forbidden');
    await me(who.token).expect(200);
  });
});

describe('the last active administrator', () => {
  it.each([
    ['demoted', (root: string, id: string) => patch(root, id, { role: 'business_user' })],
    ['deactivated', (root: string, id: string) => patch(root, id, { isActive: false })],
    ['removed', (root: string, id: string) => remove(root, id)],
  ])('is not %s, not even by an administrator of the hub', async (_what, act) => {
    const who = await register();
    await admin(who, { isActive: false });
    const root = await superAdmin();
    const answer = await act(root, who.userId).set('X-Business-Id', who.businessId).expect(409);
    expect(answer.body).toMatchObject({ code: 'conflict', message: expect.stringContaining('last') });
    expect(await UserModel.findById(who.userId).lean()).toMatchObject({ role: 'business_admin', isActive: true });
    await me(who.token).expect(200);

    const other = await admin(who);
    await act(root, who.userId).set('X-Business-Id', who.businessId).expect(200);
    await me(other.token).expect(200);
  });

  it('may be renamed and given other permissions', async () => {
    const who = await register();
    const call = patch(await superAdmin(), who.userId, { name: 'Sole', permissions: ['manage_users'] });
    const { body } = await call.set('X-Business-Id', who.businessId).expect(200);
    expect(body.user).toMatchObject({ name: 'Sole', permissions: ['manage_users'], role: 'business_admin' });
  });
});

describe('/api/users', () => {
  const everything = (token: string, id: string) => [
    list(token),
    create(token, person()),
    get(token, id),
    patch(token, id, { name: 'x' }),
    remove(token, id),
  ];

  it('needs manage_users', async () => {
    const who = await register();
    const others = USER_PERMISSIONS.filter((one) => one !== 'manage_users');
    const { token } = await member(who, { permissions: others });
    for (const call of everything(token, who.userId)) expect((await call).status).toBe(403);
  });

  it('is closed to an API key, whatever it holds', async () => {
    const who = await register();
    const key = await apiKey(who, USER_PERMISSIONS);
    for (const call of everything(key, who.userId)) {
      const { status, body } = await call;
      expect([status, body.message]).toEqual([403, expect.stringContaining('API key')]);
    }
  });

  it('needs a sign-in', async () => {
    for (const call of everything('nobody', String(new Types.ObjectId()))) expect((await call).status).toBe(401);
  });

  it('does not know another business’s users', async () => {
    const [who, other] = [await register(), await register()];
    await admin(other);
    for (const call of everything(who.token, other.userId).slice(2)) {
      const { status, body } = await call;
      expect([status, body.code]).toEqual([404, 'not_found']);
    }
    expect(await UserModel.findById(other.userId).lean()).toMatchObject({ name: 'Admin', isActive: true });
  });

  it('is closed to a suspended business', async () => {
    const who = await register();
    await BusinessModel.updateOne({ _id: who.businessId }, { $set: { status: 'suspended' } });
    await soon(403, () => list(who.token));
    expect((await list(who.token)).body.code).toBe('business_inactive');
  });

  it('answers 422 to what is no id', async () => {
    const { token } = await bystander();
    await get(token, 'abc').expect(422);
    await patch(token, 'abc', {}).expect(422);
    await remove(token, 'abc').expect(422);
  });
});
