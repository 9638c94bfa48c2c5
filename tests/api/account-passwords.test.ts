import mongoose from 'mongoose';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type SystemMail, SystemMailModel } from '../../src/models/system-mail.js';
import { UserModel } from '../../src/models/user.js';
import type { Sealed } from '../../src/secrets.js';
import { openContent } from '../../src/sending/system-mail/content.js';
import { apiKey, register, superAdmin, unique } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { member } from '../support/people.js';

// Hashed as in production.
vi.unmock('bcrypt');

// Read with the first call of `config()`, which is this file's own.
Object.assign(process.env, {
  MASTER_SES_ACCESS_KEY: 'AKIAMASTER',
  MASTER_SES_SECRET_KEY: 'master-secret',
  SYSTEM_FROM_EMAIL: 'hub@example.com',
});
useHub();
afterEach(() => mongoose.set('debug', false));

const post = (path: string, body: object, token?: string) => {
  const call = api().post(`/api/auth/${path}`);
  return (token ? call.auth(token, { type: 'bearer' }) : call).send(body);
};
const login = (email: string, password: string) => post('login', { email, password });
const me = (token: string) => api().get('/api/auth/me').auth(token, { type: 'bearer' });
const forgot = (email: string) => post('forgot-password', { email });
const reset = (token: string, password: string) => post('reset-password', { token, password });

const mailsTo = (to: string) => SystemMailModel.find({ to }).sort({ _id: 1 }).lean<SystemMail[]>();
const textOf = ({ _id, content }: SystemMail) => openContent(_id, content as Sealed).text;

/** Asks for a reset. @returns the token of the link that was mailed. */
async function mailedToken(email: string): Promise<string> {
  await forgot(email).expect(202);
  const mail = (await mailsTo(email)).at(-1);
  const [, token = ''] = /#token=(\S+)/.exec(mail ? textOf(mail) : '') ?? [];
  expect(token).toMatch(/^[\w-]{43}$/);
  return token;
}

describe('POST /api/auth/forgot-password', () => {
  it('mails a link to the hub’s own page, whatever Host the request names, and keeps a hash of its token', async () => {
    const { email, userId } = await register();
    await forgot(email.toUpperCase()).set('Host', 'evil.test').set('X-Forwarded-Host', 'evil.test').expect(202);
    const [mail, ...more] = await mailsTo(email);
    expect(more).toEqual([]);
    const text = mail ? textOf(mail) : '';
    const [, token = ''] = /https:\/\/hub\.example\.test\/reset-password#token=([\w-]{43})\n/.exec(text) ?? [];
    expect(text).not.toContain('evil.test');
    const user = await UserModel.findById(userId).lean();
    expect(user?.resetPasswordToken).toMatch(/^[0-9a-f]{64}$/);
    expect(mail?.resetToken).toBe(user?.resetPasswordToken);
    expect(mail?.expiresAt.getTime()).toBe(user?.resetPasswordExpires?.getTime());
    expect(JSON.stringify([mail, user])).not.toContain(token);
  });

  it('answers the same, by the same calls of the database, for an address without an account', async () => {
    const who = await register();
    const gone = await register();
    await UserModel.updateOne({ _id: gone.userId }, { $set: { isActive: false } });
    const answers = [];
    const calls: string[][] = [];
    for (const email of [who.email, gone.email, `${unique()}@nowhere.test`]) {
      const seen: string[] = [];
      mongoose.set('debug', (collection: string, method: string) => seen.push(`${collection}.${method}`));
      const { status, body } = await forgot(email);
      answers.push({ status, body });
      calls.push(seen);
      expect(await mailsTo(email)).toHaveLength(1);
    }
    expect(answers[0]).toEqual({ status: 202, body: { success: true } });
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    for (const seen of calls) expect(seen).toEqual(calls[0]);
    expect((await UserModel.findById(gone.userId).lean())?.resetPasswordToken).toBeUndefined();
  });

  it('mails an address three times an hour at most, answers the fourth the same, and the third link works', async () => {
    const { email } = await register();
    for (let n = 0; n < 2; n += 1) await forgot(email).expect(202);
    const token = await mailedToken(email);
    const { body } = await forgot(email).expect(202);
    expect(body).toEqual({ success: true });
    expect(await mailsTo(email)).toHaveLength(3);
    await reset(token, 'Another123!').expect(200);
  });

  it.each([
    ['no address', { email: 'x' }, 'email'],
    ['nothing', {}, 'email'],
    ['more than is asked for', { email: 'a@b.test', link: 'https://evil.test' }, 'link'],
  ])('answers 422 to %s', async (_case, body, path) => {
    const answer = await post('forgot-password', body).expect(422);
    expect(answer.body.errors.map((problem: { path: string }) => problem.path)).toEqual([path]);
  });
});

describe('POST /api/auth/reset-password', () => {
  it('sets the password, ends every token of the user, and works once', async () => {
    const who = await register();
    await me(who.token).expect(200);
    const token = await mailedToken(who.email);
    await reset(token, 'Another123!').expect(200, { success: true });

    await me(who.token).expect(401);
    await login(who.email, who.password).expect(401);
    await login(who.email, 'Another123!').expect(200);
    const { body } = await reset(token, 'YetAnother1!').expect(422);
    expect(body).toMatchObject({ code: 'validation_failed', errors: [{ path: 'token' }] });
    await login(who.email, 'Another123!').expect(200);
  });

  it('lets one of many who come at once with the same token win', async () => {
    const { email } = await register();
    const token = await mailedToken(email);
    const passwords = ['First123!', 'Second123!', 'Third123!', 'Fourth123!'];
    const answers = await Promise.all(passwords.map((password) => reset(token, password)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 422, 422, 422]);
    const winner = passwords[answers.findIndex(({ status }) => status === 200)] ?? '';
    await login(email, winner).expect(200);
  });

  it.each([
    ['an hour later', { resetPasswordExpires: new Date(Date.now() - 1) }],
    ['of a user who was deactivated since', { isActive: false }],
  ])('refuses the token %s', async (_case, change) => {
    const who = await register();
    const token = await mailedToken(who.email);
    await UserModel.updateOne({ _id: who.userId }, { $set: change });
    await reset(token, 'Another123!').expect(422);
  });

  it('refuses the token of a user who was deactivated since, also once he is let in again', async () => {
    const { id, email } = await member(await register());
    const root = await superAdmin();
    const { business } = (await UserModel.findById(id).lean()) ?? {};
    const token = await mailedToken(email);
    for (const isActive of [false, true]) {
      const patch = api().patch(`/api/users/${id}`).auth(root, { type: 'bearer' });
      await patch.set('X-Business-Id', String(business)).send({ isActive }).expect(200);
    }
    await reset(token, 'Another123!').expect(422);
  });

  it('refuses the token of an earlier mail', async () => {
    const { email } = await register();
    const [earlier, later] = [await mailedToken(email), await mailedToken(email)];
    await reset(earlier, 'Another123!').expect(422);
    await reset(later, 'Another123!').expect(200);
  });

  it.each([
    ['a made-up token', { token: 'x'.repeat(43), password: 'Another123!' }, 'token'],
    ['an operator for a token', { token: { $gt: '' }, password: 'Another123!' }, 'token'],
    ['no password', { token: 'x' }, 'password'],
    ['a password of 73 bytes', { token: 'x', password: 'x'.repeat(73) }, 'password'],
  ])('answers 422 to %s', async (_case, body, path) => {
    const answer = await post('reset-password', body).expect(422);
    expect(answer.body.errors.map((problem: { path: string }) => problem.path)).toEqual([path]);
  });
});

describe('POST /api/auth/change-password', () => {
  const change = (token: string | undefined, currentPassword: string, newPassword: string) =>
    post('change-password', { currentPassword, newPassword }, token);

  it('replaces the password, ends all tokens but the one it answers, and what is left of a reset', async () => {
    const who = await register();
    const elsewhere = (await login(who.email, who.password)).body.token;
    const link = await mailedToken(who.email);
    const { body } = await change(who.token, who.password, 'Another123!').expect(200);
    expect(body).toEqual({ success: true, token: expect.any(String) });

    for (const token of [who.token, elsewhere]) await me(token).expect(401);
    await me(body.token).expect(200);
    await login(who.email, who.password).expect(401);
    await login(who.email, 'Another123!').expect(200);
    await reset(link, 'YetAnother1!').expect(422);
  });

  it('wants the present password', async () => {
    const who = await register();
    const { body } = await change(who.token, 'Wrong123!', 'Another123!').expect(422);
    expect(body).toMatchObject({ code: 'validation_failed', errors: [{ path: 'currentPassword' }] });
    await me(who.token).expect(200);
    await login(who.email, who.password).expect(200);
  });

  it('lets one of two win who change it at once', async () => {
    const who = await register();
    const answers = await Promise.all(
      ['First123!', 'Second123!'].map((password) => change(who.token, who.password, password)),
    );
    // The other one's token may have ended before it was looked at.
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { status } of answers) expect([200, 401, 409, 422]).toContain(status);
  });

  it('is for signed-in users', async () => {
    const who = await register();
    await change(undefined, who.password, 'Another123!').expect(401);
    await change(await apiKey(who, ['send_emails']), who.password, 'Another123!').expect(403);
    await change(who.token, who.password, 'short').expect(422);
  });
});
