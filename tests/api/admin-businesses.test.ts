import { Types } from 'mongoose';
import { describe, expect, it, vi } from 'vitest';
import { AuditEntryModel } from '../../src/models/audit-entry.js';
import { BusinessModel } from '../../src/models/business.js';
import { UserModel } from '../../src/models/user.js';
import { query } from '../../src/services/admin-businesses.js';
import { apiKey, once, register, superAdmin, unique } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';

useHub();

const administrator = once(superAdmin);
const bystander = once(register);

type Search = Record<string, string>;

async function list(search: Search, status = 200) {
  const path = `/api/admin/businesses?${new URLSearchParams(search)}`;
  return (
    await api()
      .get(path)
      .auth(await administrator(), { type: 'bearer' })
      .expect(status)
  ).body;
}
const names = async (search: Search): Promise<string[]> =>
  (await list(search)).businesses.map(({ name }: { name: string }) => name);

const create = async (body: object) =>
  api()
    .post('/api/admin/businesses')
    .auth(await administrator(), { type: 'bearer' })
    .send(body);

function newBusiness(fields: object = {}, admin: object = {}) {
  const word = unique('made');
  const person = { email: `admin@${word}.test`, name: 'First', password: 'Test123!', ...admin };
  return { name: `Made ${word}`, domain: `${word}.test`, admin: person, ...fields };
}

describe('GET /api/admin/businesses', () => {
  /** Businesses whose names and domains begin with a word that nobody else has. */
  async function seeded() {
    const word = unique('zeta');
    const rows = [
      { name: `${word} Löwe`, domain: 'one.example' },
      { name: `${word.toUpperCase()} lowell`, domain: 'two.example', status: 'suspended' },
      { name: 'Elsewhere', domain: `${word}.example`, subscription: { plan: 'pro' } },
      { name: `The ${word}`, domain: `www.${word}.example` },
    ];
    for (const row of rows) await new BusinessModel(row).save();
    return word;
  }

  it('finds the beginning of a name or domain, whatever its case and accents, and nothing in the middle', async () => {
    const word = await seeded();
    expect(await names({ search: word })).toEqual(['Elsewhere', `${word.toUpperCase()} lowell`, `${word} Löwe`]);
    expect(await names({ search: `${word.slice(0, -1).toUpperCase()}` })).toHaveLength(3);
    expect(await names({ search: `${word} LOW` })).toEqual([`${word.toUpperCase()} lowell`, `${word} Löwe`]);
    expect(await names({ search: `${word}.EX` })).toEqual(['Elsewhere']);
    expect(await names({ search: `${word} x` })).toEqual([]);
    expect(await names({ search: word, status: 'suspended' })).toEqual([`${word.toUpperCase()} lowell`]);
    expect(await names({ search: word, plan: 'pro' })).toEqual(['Elsewhere']);
  });

  it.each(['.*', '^', '$where', 'a|b', '[a-z]', '\\', '%'])('takes %s as it is', async (search) => {
    const word = unique(search);
    await BusinessModel.create({ name: `${word} & sons`, domain: 'odd.example' });
    expect(await names({ search: word })).toEqual([`${word} & sons`]);
    const all = await names({ search, limit: '200' });
    expect(all.every((name) => name.startsWith(search))).toBe(true);
  });

  it('shows each with its month, in pages, newest first', async () => {
    const word = await seeded();
    const first = await list({ search: word, limit: '2' });
    expect(first.businesses).toHaveLength(2);
    expect(first.businesses[0]).toMatchObject({
      name: 'Elsewhere',
      status: 'active',
      usage: { limit: 1_000, used: 0, reserved: 0, remaining: 1_000 },
    });
    expect(first.businesses[0].sesConfiguration).not.toHaveProperty('secretAccessKey');
    const rest = await list({ search: word, limit: '2', cursor: first.pagination.nextCursor });
    expect(rest.businesses.map(({ name }: { name: string }) => name)).toEqual([`${word} Löwe`]);
    expect(rest.pagination).toEqual({ nextCursor: null, hasMore: false });
    expect((await list({ status: 'suspended', plan: 'free', limit: '1' })).businesses[0].status).toBe('suspended');
  });

  it('looks at no more than it shows, whatever it is asked for', async () => {
    const bulk = Array.from({ length: 1_500 }, (_, n) => ({
      name: `Bulk ${n}`,
      domain: `bulk${n}.test`,
      status: ['active', 'suspended', 'cancelled'][n % 3],
      subscription: { plan: ['free', 'basic', 'pro', 'enterprise'][n % 4], emailsPerMonth: 1, emailsSentThisMonth: 0 },
    }));
    await BusinessModel.collection.insertMany(bulk);
    const word = await seeded();
    const cases = [{}, { status: 'active' }, { plan: 'pro' }, { status: 'cancelled', plan: 'basic' }, { search: word }];
    for (const filters of cases as Parameters<typeof query>[0][]) {
      const plan = (await query(filters).sort({ _id: -1 }).limit(3).explain('executionStats')) as unknown as {
        queryPlanner: { winningPlan: object };
        executionStats: { totalDocsExamined: number };
      };
      const told = JSON.stringify(plan.queryPlanner.winningPlan);
      expect(told, JSON.stringify(filters)).not.toContain('"COLLSCAN"');
      if (!('search' in filters)) expect(told, JSON.stringify(filters)).not.toContain('"SORT"');
      expect(plan.executionStats.totalDocsExamined, JSON.stringify(filters)).toBeLessThanOrEqual(10);
    }
    await BusinessModel.deleteMany({ name: /^Bulk / });
  });

  it.each<Search>([
    { search: '' },
    { search: 'a\u0000' },
    { status: 'gone' },
    { plan: 'gold' },
    { limit: '0' },
    { cursor: 'x' },
    { name: 'x' },
  ])('answers 422 to %j', async (search) => {
    await list(search, 422);
  });
});

describe('POST /api/admin/businesses', () => {
  it('makes a business and its first admin, who signs in with every permission', async () => {
    const body = newBusiness({ subscription: { plan: 'pro' } });
    const made = await create(body);
    expect(made.status).toBe(201);
    expect(made.body.business).toMatchObject({
      name: body.name,
      domain: body.domain,
      status: 'active',
      subscription: { plan: 'pro', emailsPerMonth: 100_000 },
      usage: { limit: 100_000, used: 0 },
    });
    expect(made.body.user).toMatchObject({ email: body.admin.email, role: 'business_admin' });
    expect(made.text).not.toContain(body.admin.password);

    const { email, password } = body.admin;
    const { body: login } = await api().post('/api/auth/login').send({ email, password }).expect(200);
    expect(login).toMatchObject({ business: { id: made.body.business.id }, user: { permissions: expect.any(Array) } });
    expect(login.user.permissions).toHaveLength(6);
    await api().get('/api/business').auth(login.token, { type: 'bearer' }).expect(200);

    const entry = await AuditEntryModel.findOne({ business: made.body.business.id }).lean();
    expect(entry).toMatchObject({ action: 'business.create', outcome: 'done', detail: { admin: email, plan: 'pro' } });
    expect(JSON.stringify(entry)).not.toContain(password);
  });

  it.each([
    [{}, { plan: 'free', emailsPerMonth: 1_000 }],
    [{ subscription: {} }, { plan: 'free', emailsPerMonth: 1_000 }],
    [{ subscription: { emailsPerMonth: 0 } }, { plan: 'free', emailsPerMonth: 0 }],
    [{ subscription: { plan: 'basic', emailsPerMonth: 7 } }, { plan: 'basic', emailsPerMonth: 7 }],
  ])('with %j has the subscription %j', async (fields, expected) => {
    expect((await create(newBusiness(fields))).body.business.subscription).toMatchObject(expected);
  });

  it('is completed with its plan, also where the process died before the business was written', async () => {
    const body = newBusiness({ subscription: { plan: 'pro', emailsPerMonth: 7 } });
    const died = vi.spyOn(BusinessModel.prototype, 'save').mockRejectedValueOnce(new Error('killed'));
    expect((await create(body)).status).toBe(500);
    died.mockRestore();
    const { email, password } = body.admin;
    const { body: login } = await api().post('/api/auth/login').send({ email, password }).expect(200);
    expect(login.business).toMatchObject({ name: body.name, subscription: { plan: 'pro', emailsPerMonth: 7 } });
    expect((await UserModel.findOne({ email }).lean())?.founding).toBeUndefined();
    const entry = await AuditEntryModel.findOne({ business: login.business.id }).lean();
    expect(entry).toMatchObject({ action: 'business.create', outcome: 'failed' });
  });

  it('answers 409 to an address that has an account, and makes nothing', async () => {
    const who = await bystander();
    const body = newBusiness({}, { email: who.email });
    const answer = await create(body);
    expect([answer.status, answer.body.code]).toEqual([409, 'conflict']);
    expect(await BusinessModel.exists({ domain: body.domain })).toBeNull();
    const entry = await AuditEntryModel.findOne({ 'detail.domain': body.domain }).lean();
    expect(entry).toMatchObject({ action: 'business.create', outcome: 'refused' });
  });

  it.each([
    ['no admin', { admin: undefined }, {}, ['admin']],
    ['no password', {}, { password: undefined }, ['admin.password']],
    ['a short password', {}, { password: 'short' }, ['admin.password']],
    ['an unknown plan', { subscription: { plan: 'gold' } }, {}, ['subscription.plan']],
    ['no domain at all', { domain: 'nowhere' }, {}, ['domain']],
    ['a role', {}, { role: 'super_admin' }, ['admin.role']],
    ['everything at once', { name: '', status: 'active' }, { email: 'x' }, ['name', 'admin.email', 'status']],
  ])('answers 422 to %s', async (_case, fields, admin, paths) => {
    const answer = await create(newBusiness(fields, admin));
    expect(answer.status).toBe(422);
    expect(answer.body.errors.map(({ path }: { path: string }) => path).sort()).toEqual([...paths].sort());
  });
});

describe('PATCH /api/admin/businesses/:id', () => {
  it('is in the log with what was set, before and whether it was done', async () => {
    const who = await register();
    const patch = async (id: string, body: object) =>
      api()
        .patch(`/api/admin/businesses/${id}`)
        .auth(await administrator(), { type: 'bearer' })
        .send(body);
    const body = { subscription: { plan: 'basic' }, status: 'suspended' };
    expect((await patch(who.businessId, body)).status).toBe(200);
    const entries = await AuditEntryModel.find({ business: who.businessId }).lean();
    expect(entries).toMatchObject([{ action: 'business.update', detail: body, outcome: 'done' }]);
    const nobody = String(new Types.ObjectId());
    expect((await patch(nobody, body)).status).toBe(404);
    expect(await AuditEntryModel.findOne({ business: nobody }).lean()).toMatchObject({ outcome: 'refused' });
  });
});

describe('/api/admin/businesses', () => {
  it('is for administrators of the hub alone', async () => {
    const who = await bystander();
    const key = await apiKey(who, ['manage_settings', 'manage_users']);
    for (const credential of [who.token, key]) {
      await api().get('/api/admin/businesses').auth(credential, { type: 'bearer' }).expect(403);
      await api().post('/api/admin/businesses').auth(credential, { type: 'bearer' }).send(newBusiness()).expect(403);
    }
    await api().get('/api/admin/businesses').expect(401);
    await api().post('/api/admin/businesses').send(newBusiness()).expect(401);
  });
});
