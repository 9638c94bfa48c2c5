import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { IdempotencyKeyModel } from '../../src/models/idempotency-key.js';
import { InvitationModel } from '../../src/models/invitation.js';
import { MailAllowanceModel } from '../../src/models/mail-allowance.js';
import { UserModel } from '../../src/models/user.js';
import { USER_PERMISSIONS } from '../../src/permissions.js';
import * as mailAllowance from '../../src/services/mail-allowance.js';
import { apiKey, once, type Registered, register, superAdmin, unique } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { admin, member } from '../support/people.js';
import { mailTo, tokenTo } from '../support/system-mail.js';

// Read with the first call of `config()`, which is this file's own.
Object.assign(process.env, {
  MASTER_SES_ACCESS_KEY: 'AKIAMASTER',
  MASTER_SES_SECRET_KEY: 'master-secret',
  SYSTEM_FROM_EMAIL: 'hub@hub.example.test',
  FRONTEND_URL: 'https://dashboard.example.test,https://other.example.test',
});
useHub();

const bystander = once(register);
const PASSWORD = 'correct horse';
const WEEK_MS = 7 * 86_400_000;

const address = () => `${unique('guest')}@people.test`;
const invite = (token: string, body: object) =>
  api().post('/api/users/invite').auth(token, { type: 'bearer' }).send(body);
const list = (token: string, query = '') => api().get(`/api/users/invitations${query}`).auth(token, { type: 'bearer' });
const revoke = (token: string, id: string) =>
  api().delete(`/api/users/invitations/${id}`).auth(token, { type: 'bearer' });
const accept = (token: string, overrides: object = {}) =>
  api()
    .post('/api/auth/accept-invitation')
    .send({ token, name: 'Guest', password: PASSWORD, ...overrides });
const open = async (token: string) =>
  (await list(token).expect(200)).body.invitations.map(({ email }: { email: string }) => email);

/** Invites an address of its own. @returns it, the invitation and the token of its link. */
async function invited(who: { token: string }, overrides: Record<string, unknown> = {}) {
  const email = address();
  const { body } = await invite(who.token, { email, permissions: ['send_emails'], ...overrides }).expect(201);
  return { email, id: String(body.invitation.id), token: await tokenTo(email) };
}

describe('POST /api/users/invite', () => {
  it('mails a link that is good for a week, and keeps no more than its hash', async () => {
    const who = await register({ name: 'Ada' });
    const email = address();
    const { body } = await invite(who.token, { email, name: 'Ben', permissions: ['send_emails'] })
      .set('Host', 'evil.test')
      .expect(201);
    expect(body.invitation).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      email,
      name: 'Ben',
      role: 'business_user',
      permissions: ['send_emails'],
      invitedBy: who.userId,
      expiresAt: expect.any(String),
    });
    expect(Math.abs(Date.parse(body.invitation.expiresAt) - Date.now() - WEEK_MS)).toBeLessThan(60_000);

    const [mail] = await mailTo(email);
    expect(mail?.text).toMatch(/^https:\/\/dashboard\.example\.test\/accept-invitation#token=[\w-]{43}$/m);
    expect(mail?.text).toContain('Ada');
    expect(mail?.expiresAt.toISOString()).toBe(body.invitation.expiresAt);
    const stored = JSON.stringify(await InvitationModel.findById(body.invitation.id).lean());
    for (const text of [stored, JSON.stringify(body)]) expect(text).not.toContain(await tokenTo(email));
  });

  it('replaces the earlier invitation of the address', async () => {
    const who = await register();
    const first = await invited(who, { name: 'Ben' });
    await invite(who.token, { email: first.email, permissions: ['view_analytics'] }).expect(201);
    const { invitations } = (await list(who.token).expect(200)).body;
    expect(invitations).toMatchObject([{ email: first.email, name: null, permissions: ['view_analytics'] }]);
    expect((await accept(first.token).expect(422)).body.errors[0].path).toBe('token');
    const { body } = await accept(await tokenTo(first.email)).expect(201);
    expect(body.user.permissions).toEqual(['view_analytics']);
  });

  it('leaves one invitation of twenty at once, and three mails', async () => {
    const who = await register();
    const email = address();
    const calls = Array.from({ length: 20 }, () => invite(who.token, { email, permissions: [] }));
    const statuses = (await Promise.all(calls)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(3);
    expect(statuses.filter((status) => status === 429)).toHaveLength(17);
    expect(await InvitationModel.countDocuments({ email })).toBe(1);
    expect(await mailTo(email)).toHaveLength(3);
  });

  it('mails an address three times an hour, whoever invites, and says when again', async () => {
    const [who, other] = [await register(), await register()];
    const email = address();
    for (const one of [who, other, who]) await invite(one.token, { email, permissions: [] }).expect(201);
    const answer = await invite(other.token, { email, permissions: [] }).expect(429);
    expect(answer.body.code).toBe('rate_limited');
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(3_500);
    expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(3_600);
    await invite(other.token, { email: address(), permissions: [] }).expect(201);

    const [latest, second, first] = (await MailAllowanceModel.findById(email).lean())?.times ?? [];
    expect(first).toBeInstanceOf(Date);
    await MailAllowanceModel.updateOne(
      { _id: email },
      { $set: { times: [latest, second, new Date(Date.now() - 3_601_000)] } },
    );
    await invite(other.token, { email, permissions: [] }).expect(201);
    await invite(other.token, { email, permissions: [] }).expect(429);
  });

  it('mails for a business fifty times an hour, to whomever', async () => {
    const [who, other] = [await register(), await register()];
    await invited(who);
    const subject = { _id: `business:${who.businessId}` };
    const [first] = (await MailAllowanceModel.findOne(subject).lean())?.times ?? [];
    await MailAllowanceModel.updateOne(subject, { $set: { times: Array.from({ length: 49 }, () => first) } });
    await invited(who);
    const answer = await invite(who.token, { email: address(), permissions: [] }).expect(429);
    expect(answer.body.message).toContain('50 mails');
    await invited(other);
  });

  it('mails for a business that never did, to many at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const businessId = new Types.ObjectId();
      await Promise.all(Array.from({ length: 20 }, () => mailAllowance.takeOfBusiness(businessId)));
    }
  });

  it('leaves the link that is out as it is when it sends no further one', async () => {
    const who = await register();
    const { email } = await invited(who);
    for (const _again of [1, 2]) await invite(who.token, { email, permissions: [] }).expect(201);
    await invite(who.token, { email, permissions: [] }).expect(429);
    await accept(await tokenTo(email)).expect(201);
  });

  it('invites nobody again who was taken off the list when a request comes again whose process died', async () => {
    const [who, email, key] = [await register(), address(), unique()];
    const ask = () => invite(who.token, { email, permissions: [] }).set('Idempotency-Key', key);
    const { invitation } = (await ask().expect(201)).body;
    const cutOff = { $unset: { reply: 1, status: 1 }, $set: { until: new Date(0) } };
    await IdempotencyKeyModel.updateOne({ key }, cutOff);
    expect((await ask().expect(201)).body.invitation).toEqual(invitation);
    await IdempotencyKeyModel.updateOne({ key }, cutOff);
    await revoke(who.token, invitation.id).expect(200);
    await ask().expect(409);
    expect(await open(who.token)).toEqual([]);
    expect(await mailTo(email)).toHaveLength(1);
  });

  it('answers 409 to an address that has an account', async () => {
    const [who, other] = [await register(), await register()];
    for (const email of [who.email, other.email.toUpperCase()]) {
      expect((await invite(who.token, { email, permissions: [] }).expect(409)).body.code).toBe('conflict');
    }
    expect(await mailTo(other.email)).toEqual([]);
  });

  it('offers nothing that the inviter lacks, and an administrator’s place only from one', async () => {
    const who = await register();
    const manager = await member(who, { permissions: ['manage_users', 'view_analytics'] });
    await invite(manager.token, { email: address(), permissions: ['send_emails'] }).expect(403);
    await invite(manager.token, { email: address(), role: 'business_admin' }).expect(403);
    const theirs = await invited(who, { role: 'business_admin', permissions: undefined });
    await invite(manager.token, { email: theirs.email, permissions: [] }).expect(403);
    await revoke(manager.token, theirs.id).expect(403);
    expect((await accept(theirs.token).expect(201)).body.user).toMatchObject({
      role: 'business_admin',
      permissions: [...USER_PERMISSIONS],
    });
  });

  it.each([
    ['no address', { email: undefined }, 'email'],
    ['a super_admin', { role: 'super_admin' }, 'role'],
    ['an administrator who could not manage users', { role: 'business_admin', permissions: [] }, 'permissions'],
    ['a line break in the name', { name: 'a\nb' }, 'name'],
    ['a token of his own', { tokenHash: 'x' }, 'tokenHash'],
  ])('answers 422 to %s', async (_case, body, path) => {
    const answer = await invite((await bystander()).token, { email: address(), ...body }).expect(422);
    expect(answer.body.errors.map((problem: { path: string }) => problem.path)).toContain(path);
  });
});

describe('GET and DELETE /api/users/invitations', () => {
  it('list what is open, newest first, of this business only', async () => {
    const [who, other] = [await register(), await register()];
    const [first, second, third] = [await invited(who), await invited(who), await invited(who)];
    await invited(other);
    await InvitationModel.updateOne({ _id: first.id }, { $set: { expiresAt: new Date(Date.now() - 1) } });
    const page = (await list(who.token, '?limit=1').expect(200)).body;
    expect(page.invitations.map(({ email }: { email: string }) => email)).toEqual([third.email]);
    expect(page.pagination).toEqual({ hasMore: true, nextCursor: expect.any(String) });
    await accept(third.token).expect(201);
    expect(await open(who.token)).toEqual([second.email]);
  });

  it('take one back, whose link opens nothing any more', async () => {
    const who = await register();
    const { id, token, email } = await invited(who);
    expect((await revoke(who.token, id).expect(200)).body).toEqual({ success: true });
    expect((await accept(token).expect(422)).body.code).toBe('validation_failed');
    await revoke(who.token, id).expect(404);
    expect(await UserModel.exists({ email })).toBeNull();
  });

  it('do not know another business’s, nor one that was accepted', async () => {
    const [who, other] = [await register(), await register()];
    const { id, token } = await invited(other);
    expect((await revoke(who.token, id).expect(404)).body.code).toBe('not_found');
    await accept(token).expect(201);
    await revoke(other.token, id).expect(404);
  });

  it('need manage_users, and a person', async () => {
    const who = await register();
    const { id } = await invited(who);
    const { token } = await member(who, { permissions: ['manage_settings'] });
    const key = await apiKey(who, USER_PERMISSIONS);
    for (const credential of [token, key]) {
      await invite(credential, { email: address() }).expect(403);
      await list(credential).expect(403);
      await revoke(credential, id).expect(403);
    }
    await list('nobody').expect(401);
    await revoke(who.token, 'abc').expect(422);
  });
});

describe('POST /api/auth/accept-invitation', () => {
  it('makes the account and signs in', async () => {
    const who = await register();
    const { email, token } = await invited(who);
    const { body } = await accept(token).expect(201);
    expect(body).toEqual({
      success: true,
      token: expect.any(String),
      user: { id: expect.any(String), email, name: 'Guest', role: 'business_user', permissions: ['send_emails'] },
      business: expect.objectContaining({ id: who.businessId }),
    });
    const me = await api().get('/api/auth/me').auth(body.token, { type: 'bearer' }).expect(200);
    expect(me.body.user.email).toBe(email);
    await api().post('/api/auth/login').send({ email, password: PASSWORD }).expect(200);
    expect(await open(who.token)).toEqual([]);
  });

  it('works once', async () => {
    const { email, token } = await invited(await register());
    await accept(token).expect(201);
    expect((await accept(token, { password: 'another horse' }).expect(409)).body.code).toBe('conflict');
    await api().post('/api/auth/login').send({ email, password: 'another horse' }).expect(401);
  });

  it('makes one account of ten posts at once', async () => {
    const who = await register();
    const { email, token } = await invited(who);
    const calls = Array.from({ length: 10 }, (_, n) => accept(token, { password: `correct horse ${n}` }));
    const statuses = (await Promise.all(calls)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(9);
    expect(await UserModel.countDocuments({ email })).toBe(1);
    expect(await open(who.token)).toEqual([]);
  });

  it('makes one account where two businesses invited the address and both links are used at once', async () => {
    const [who, other] = [await register(), await register()];
    const { email, token } = await invited(who);
    await invite(other.token, { email, permissions: [] }).expect(201);
    const statuses = (await Promise.all([accept(token), accept(await tokenTo(email))])).map(({ status }) => status);
    expect(statuses.sort()).toEqual([201, 409]);
    expect(await UserModel.countDocuments({ email })).toBe(1);
  });

  /** What a process leaves that is killed right after the account was made. */
  async function accepted(who: Registered) {
    const guest = await invited(who);
    await accept(guest.token).expect(201);
    await InvitationModel.updateOne({ _id: guest.id }, { $unset: { acceptedAt: 1 } });
    return guest;
  }

  it('is complete with the account, also where the process died before it wrote anything else', async () => {
    const who = await register();
    const { email, token } = await accepted(who);
    await api().post('/api/auth/login').send({ email, password: PASSWORD }).expect(200);
    expect((await accept(token).expect(409)).body.code).toBe('conflict');
    expect(await UserModel.countDocuments({ email })).toBe(1);
    expect(await InvitationModel.findOne({ email }).lean()).toHaveProperty('acceptedAt');
  });

  it('lists no invitation as open whose guest is there, whatever died in between', async () => {
    const who = await register();
    const { id } = await accepted(who);
    expect(await open(who.token)).toEqual([]);
    await accepted(who);
    await revoke(who.token, id).expect(404);
  });

  it('does not bring back whoever was removed, whatever died in between', async () => {
    const who = await register();
    const { email, token } = await accepted(who);
    const user = await UserModel.findOne({ email }).lean();
    await api().delete(`/api/users/${user?._id}`).auth(who.token, { type: 'bearer' }).expect(200);
    await accept(token).expect(422);
    expect(await UserModel.exists({ email })).toBeNull();
  });

  it('lets an address be invited anew whose account was removed', async () => {
    const who = await register();
    const { email, token } = await invited(who);
    const { user } = (await accept(token).expect(201)).body;
    await api().delete(`/api/users/${user.id}`).auth(who.token, { type: 'bearer' }).expect(200);
    await invite(who.token, { email, permissions: [] }).expect(201);
    await accept(await tokenTo(email)).expect(201);
  });

  it('refuses a link that is over', async () => {
    const { id, token } = await invited(await register());
    await InvitationModel.updateOne({ _id: id }, { $set: { expiresAt: new Date(Date.now() - 1) } });
    expect((await accept(token).expect(422)).body.errors).toEqual([
      { path: 'token', message: expect.stringContaining('not any more') },
    ]);
  });

  it.each([
    ['was deactivated', { isActive: false }],
    ['does not manage users any more', { permissions: ['send_emails'] }],
    ['has lost what he offered', { permissions: ['manage_users'] }],
    ['is no administrator any more', { role: 'business_user' }],
    ['has moved to another business', { business: new Types.ObjectId() }],
  ])('refuses an administrator’s place where the inviter %s', async (_what, changes) => {
    const who = await register();
    const inviter = await admin(who);
    const { email, token } = await invited(inviter, {
      role: 'business_admin',
      permissions: ['manage_users', 'send_emails'],
    });
    await UserModel.updateOne({ _id: inviter.id }, { $set: changes });
    expect((await accept(token).expect(403)).body.code).toBe('forbidden');
    expect(await UserModel.exists({ email })).toBeNull();
  });

  it('refuses where the inviter was removed', async () => {
    const who = await register();
    const inviter = await admin(who);
    const { token } = await invited(inviter);
    await api().delete(`/api/users/${inviter.id}`).auth(who.token, { type: 'bearer' }).expect(200);
    await accept(token).expect(403);
  });

  it('refuses where the business is suspended', async () => {
    const who = await register();
    const { email, token } = await invited(who);
    await BusinessModel.updateOne({ _id: who.businessId }, { $set: { status: 'suspended' } });
    expect((await accept(token).expect(403)).body.code).toBe('business_inactive');
    expect(await UserModel.exists({ email })).toBeNull();
  });

  it('accepts what an administrator of the hub offered in a business’s name', async () => {
    const who = await register();
    const email = address();
    const call = invite(await superAdmin(), { email, role: 'business_admin' });
    await call.set('X-Business-Id', who.businessId).expect(201);
    const { body } = await accept(await tokenTo(email)).expect(201);
    expect(body.user.role).toBe('business_admin');
    expect(body.business.id).toBe(who.businessId);
  });

  it.each([
    ['an unknown token', { token: 'A'.repeat(43) }, 'token'],
    ['an operator for a token', { token: { $gt: '' } }, 'token'],
    ['a short password', { password: 'short' }, 'password'],
    ['no name', { name: '' }, 'name'],
    ['a role of his own', { role: 'business_admin' }, 'role'],
  ])('answers 422 to %s', async (_case, body, path) => {
    const answer = await accept('x', body).expect(422);
    expect(answer.body.errors.map((problem: { path: string }) => problem.path)).toContain(path);
  });
});
