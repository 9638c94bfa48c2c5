import { randomBytes } from 'node:crypto';
import { Types } from 'mongoose';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { endpointsOf } from '../../src/docs/endpoints.js';
import { AUDIT_INDEXES, type AuditEntry, AuditEntryModel } from '../../src/models/audit-entry.js';
import { BusinessModel } from '../../src/models/business.js';
import { SettingModel } from '../../src/models/setting.js';
import { UserModel } from '../../src/models/user.js';
import { mounts } from '../../src/routes/index.js';
import * as audit from '../../src/services/audit.js';
import { queryOf } from '../../src/services/audit-log.js';
import { apiKey, once, register, sendsFrom, superAdmin, unique } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';

useHub();
afterEach(() => {
  vi.restoreAllMocks();
});

const administrator = once(superAdmin);
const bystander = once(register);

type Method = 'get' | 'post' | 'patch' | 'put' | 'delete';

/** Asks as the administrator, for a business where one is given. */
async function ask(method: Method, path: string, body?: object, businessId?: string) {
  const call = api()
    [method](path)
    .auth(await administrator(), { type: 'bearer' });
  if (businessId) call.set('X-Business-Id', businessId);
  return body ? call.send(body) : call;
}

const entriesOf = (businessId: string) =>
  AuditEntryModel.find({ business: businessId }).sort({ _id: 1 }).lean<AuditEntry[]>();

const TEMPLATE = { name: 'Hello', subject: 'Hello', content: { text: 'Hello, secret-of-the-body' } };

describe('what an administrator does within a business', () => {
  it('is in the log by its route and ids, with who, when and how it ended, and nothing of its body', async () => {
    const who = await register();
    const made = await ask('post', '/api/templates', TEMPLATE, who.businessId);
    expect(made.status).toBe(201);
    const id = made.body.template.id;
    expect((await ask('patch', `/api/templates/${id}`, { name: 'Other' }, who.businessId)).status).toBe(200);
    expect((await ask('get', `/api/templates/${id}`, undefined, who.businessId)).status).toBe(200);
    expect((await ask('delete', `/api/templates/${new Types.ObjectId()}`, undefined, who.businessId)).status).toBe(404);
    expect((await ask('post', '/api/templates', { name: 1 }, who.businessId)).status).toBe(422);
    expect((await ask('delete', '/api/templates/secret-word', undefined, who.businessId)).status).toBe(422);

    const entries = await entriesOf(who.businessId);
    expect(entries.map(({ action, outcome, detail }) => [action, outcome, detail])).toEqual([
      ['tenant.POST /api/templates', 'done', undefined],
      ['tenant.PATCH /api/templates/:id', 'done', { id }],
      ['tenant.DELETE /api/templates/:id', 'refused', { id: expect.any(String) }],
      ['tenant.POST /api/templates', 'refused', undefined],
      ['tenant.DELETE /api/templates/:id', 'refused', undefined],
    ]);
    expect(JSON.stringify(entries)).not.toContain('secret');
    const root = await UserModel.findById(entries[0]?.actor).lean().orFail();
    expect(entries[0]).toMatchObject({ actorEmail: root.email, requestId: made.headers['x-request-id'] });
  });

  it('is in the log before it is done, and not done when it cannot be written', async () => {
    const who = await register();
    const save = vi.spyOn(AuditEntryModel.prototype, 'save').mockRejectedValue(new Error('MongoDB is away'));
    expect((await ask('post', '/api/templates', TEMPLATE, who.businessId)).status).toBe(500);
    expect((await ask('post', '/api/admin/sending/pause', {})).status).toBe(500);
    save.mockRestore();
    expect((await ask('get', '/api/templates', undefined, who.businessId)).body.templates).toEqual([]);
    expect(await SettingModel.findById('sending').lean()).toBeNull();
  });

  it('tells a failure of the hub from a refusal', async () => {
    const who = await register();
    vi.spyOn(BusinessModel, 'findByIdAndUpdate').mockImplementationOnce(() => {
      throw new Error('broken');
    });
    expect((await ask('patch', '/api/business', { name: 'Other' }, who.businessId)).status).toBe(500);
    expect((await entriesOf(who.businessId)).map(({ outcome }) => outcome)).toEqual(['failed']);
  });

  it('is answered also where the outcome cannot be written, and stays begun', async () => {
    const who = await register();
    vi.spyOn(AuditEntryModel, 'updateOne').mockRejectedValueOnce(new Error('MongoDB is away') as never);
    expect((await ask('post', '/api/templates', TEMPLATE, who.businessId)).status).toBe(201);
    expect((await entriesOf(who.businessId)).map(({ outcome }) => outcome)).toEqual(['begun']);
  });

  it('is told also of a word that proves a domain, by the domain', async () => {
    const who = await register();
    const domain = `${unique('own')}.test`;
    await sendsFrom(who, domain);
    const business = await BusinessModel.findById(who.businessId).lean().orFail();
    const id = String(business.sendingDomains[0]?._id);
    expect((await ask('post', `/api/business/domains/${id}/prove`, undefined, who.businessId)).status).toBe(200);
    const entries = await entriesOf(who.businessId);
    expect(entries.map(({ action, outcome }) => [action, outcome])).toEqual([['domain.prove', 'done']]);
    expect(entries[0]?.detail).toEqual({ domain, id });

    expect(
      (await ask('post', `/api/business/domains/${new Types.ObjectId()}/prove`, undefined, who.businessId)).status,
    ).toBe(404);
    const [, refused] = await entriesOf(who.businessId);
    expect(refused).toMatchObject({ outcome: 'refused' });
  });

  it('leaves alone what people of the business do themselves', async () => {
    const who = await register();
    await api().post('/api/templates').auth(who.token, { type: 'bearer' }).send(TEMPLATE).expect(201);
    const key = await apiKey(who, ['manage_templates']);
    await api().post('/api/templates').auth(key, { type: 'bearer' }).send(TEMPLATE).expect(201);
    expect(await entriesOf(who.businessId)).toEqual([]);
  });
});

describe('every change at /api/admin', () => {
  const id = '000000000000000000000000';
  const bodies: Record<string, object> = {
    'post /api/admin/businesses': {
      name: 'Walk',
      domain: 'walk.test',
      admin: { email: 'ann@walk.test', name: 'Ann', password: 'Test123!' },
    },
    'patch /api/admin/businesses/:id': { status: 'active' },
    'post /api/admin/businesses/:id/reset-quota': {},
    'post /api/admin/sending/pause': {},
    'post /api/admin/sending/resume': {},
  };
  const changes = endpointsOf(mounts).filter(
    ({ access, method }) => access?.includes('super_admin') && method !== 'get',
  );

  it('is one that is tried here', () => {
    expect(changes.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(Object.keys(bodies).sort());
  });

  it.each(changes)('is in the log: $method $path', async ({ method, path }) => {
    const who = await register();
    const before = await AuditEntryModel.countDocuments();
    const answer = await ask(method as Method, path.replace(':id', who.businessId), bodies[`${method} ${path}`]);
    expect(answer.status).toBeLessThan(300);
    expect(await AuditEntryModel.countDocuments()).toBe(before + 1);
    const entry = await AuditEntryModel.findOne().sort({ _id: -1 }).lean();
    expect(entry).toMatchObject({ outcome: 'done', requestId: answer.headers['x-request-id'] });
    expect(entry?.action).toMatch(/^(business|sending)\.[a-z-]+$/);
  });

  it('that is refused is in the log as such, or was never begun', async () => {
    expect((await ask('patch', `/api/admin/businesses/${id}`, { status: 'active' })).status).toBe(404);
    expect(await AuditEntryModel.findOne({ business: id }).lean()).toMatchObject({ outcome: 'refused' });
    expect((await ask('post', `/api/admin/businesses/${id}/reset-quota`)).status).toBe(404);
    expect(await AuditEntryModel.countDocuments({ business: id })).toBe(1);
  });
});

describe('an act', () => {
  it('of a killed process stays begun', async () => {
    const who = await register();
    const business = new Types.ObjectId(who.businessId);
    const seen: string[] = [];
    const isDead = new Promise<never>(() => undefined);
    void audit.act({ command: 'a test' }, { action: 'test.act', business }, async () => {
      seen.push(...(await entriesOf(who.businessId)).map(({ outcome }) => outcome));
      return isDead;
    });
    await vi.waitFor(() => expect(seen).toEqual(['begun']));
    expect(await entriesOf(who.businessId)).toMatchObject([{ action: 'test.act', actorEmail: 'a test' }]);
  });
});

describe('GET /api/admin/audit', () => {
  /** Some entries of its own, a second apart. */
  async function seeded() {
    const [business, actor] = [new Types.ObjectId(), new Types.ObjectId()];
    const from = Date.UTC(2026, 0, 1);
    const noun = unique('noun');
    const rows = ['one', 'two', 'one', 'three'].map((verb, n) => ({
      _id: new Types.ObjectId((from / 1_000 + n).toString(16) + randomBytes(8).toString('hex')),
      actor,
      actorEmail: 'root@hub.test',
      business: n % 2 ? new Types.ObjectId() : business,
      action: `${noun}.${verb}`,
      outcome: 'done',
      createdAt: new Date(from + n * 1_000 + 500),
      updatedAt: new Date(from + n * 1_000 + 500),
    }));
    await AuditEntryModel.collection.insertMany(rows);
    const at = (n: number) => new Date(from + n * 1_000 + 500).toISOString();
    return { business: String(business), actor: String(actor), noun, at };
  }
  const verbs = async (query: string) => {
    const { status, body } = await ask('get', `/api/admin/audit?${query}`);
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
    return body.entries.map(({ action }: { action: string }) => action.split('.')[1]);
  };

  it('tells the newest first, by business, actor, action, its beginning, and time', async () => {
    const { business, actor, noun, at } = await seeded();
    expect(await verbs(`actor=${actor}`)).toEqual(['three', 'one', 'two', 'one']);
    expect(await verbs(`business=${business}`)).toEqual(['one', 'one']);
    expect(await verbs(`action=${noun}.one`)).toEqual(['one', 'one']);
    expect(await verbs(`action=${noun}.*`)).toEqual(['three', 'one', 'two', 'one']);
    expect(await verbs(`action=${noun}.t*`)).toEqual(['three', 'two']);
    expect(await verbs(`action=${noun}.on`)).toEqual([]);
    expect(await verbs(`action=${noun.slice(0, -1)}..*`)).toEqual([]);
    expect(await verbs(`actor=${actor}&from=${at(1)}&to=${at(3)}`)).toEqual(['one', 'two']);
    expect(await verbs(`actor=${actor}&action=${noun}.one&business=${business}`)).toEqual(['one', 'one']);
    expect(await verbs(`actor=${actor}&from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z`)).toHaveLength(4);
  });

  it('comes in pages', async () => {
    const { actor } = await seeded();
    const first = await ask('get', `/api/admin/audit?actor=${actor}&limit=3`);
    expect(first.body.pagination).toMatchObject({ hasMore: true });
    const rest = await ask('get', `/api/admin/audit?actor=${actor}&limit=3&cursor=${first.body.pagination.nextCursor}`);
    expect(rest.body.entries).toHaveLength(1);
    expect(rest.body.pagination).toEqual({ nextCursor: null, hasMore: false });
    expect(rest.body.entries[0]).toEqual({
      id: expect.any(String),
      at: '2026-01-01T00:00:00.500Z',
      actor: { id: actor, email: 'root@hub.test' },
      action: expect.any(String),
      business: expect.any(String),
      detail: null,
      requestId: null,
      outcome: 'done',
    });
  });

  it('finds each page by an index, and sorts nothing', async () => {
    const { business, actor, noun } = await seeded();
    const others = Array.from({ length: 2_000 }, (_, n) => ({
      actor: new Types.ObjectId(),
      actorEmail: 'x@hub.test',
      business: new Types.ObjectId(),
      action: `bulk.${n % 10}`,
      outcome: 'done',
    }));
    await AuditEntryModel.collection.insertMany(others);
    const from = new Date('2026-01-01T00:00:00Z');
    const cases = [{}, { business }, { actor }, { action: `${noun}.one` }, { action: 'bulk.*' }];
    for (const filters of cases.flatMap((one) => [one, { ...one, from, to: new Date('2026-01-01T00:00:03Z') }])) {
      const { filter, index } = await queryOf(filters);
      const plan = await AuditEntryModel.collection
        .find(filter)
        .sort({ _id: -1 })
        .hint(index)
        .limit(3)
        .explain('executionStats');
      const told = JSON.stringify(plan.queryPlanner.winningPlan);
      expect(told, JSON.stringify(filters)).not.toMatch(/"stage":"(SORT|COLLSCAN)"/);
      expect(plan.executionStats.totalDocsExamined).toBeLessThanOrEqual(20);
    }
    const distinct = await AuditEntryModel.collection
      .aggregate([{ $match: { action: /^bulk\./ } }, { $group: { _id: '$action' } }])
      .explain('executionStats');
    expect(JSON.stringify(distinct)).toContain('DISTINCT_SCAN');
    expect(AUDIT_INDEXES.action).toEqual({ action: 1, _id: -1 });
  });

  it('is for administrators of the hub alone', async () => {
    const who = await bystander();
    const key = await apiKey(who, ['manage_settings', 'manage_users', 'view_analytics']);
    for (const credential of [who.token, key]) {
      await api().get('/api/admin/audit').auth(credential, { type: 'bearer' }).expect(403);
    }
    await api().get('/api/admin/audit').expect(401);
  });

  it.each(['action=a*b', 'action=', 'business=x', 'from=yesterday', 'cursor=x', 'limit=0', 'actor=', 'what=1'])(
    'answers 422 to %s',
    async (query) => {
      expect((await ask('get', `/api/admin/audit?${query}`)).status).toBe(422);
    },
  );
});

describe('POST /api/admin/sending', () => {
  it('is in the log, and for administrators of the hub alone', async () => {
    expect((await ask('post', '/api/admin/sending/pause', { reason: 'A leak' })).status).toBe(200);
    expect((await ask('post', '/api/admin/sending/resume')).status).toBe(200);
    const { body } = await ask('get', '/api/admin/audit?action=sending.*&limit=2');
    expect(body.entries).toMatchObject([
      { action: 'sending.resume', outcome: 'done', detail: null, business: null },
      { action: 'sending.pause', outcome: 'done', detail: { reason: 'A leak' } },
    ]);
    const who = await bystander();
    for (const word of ['pause', 'resume']) {
      await api().post(`/api/admin/sending/${word}`).auth(who.token, { type: 'bearer' }).expect(403);
      await api().post(`/api/admin/sending/${word}`).expect(401);
      expect((await ask('post', `/api/admin/sending/${word}`, { reason: 5, when: 'now' })).status).toBe(422);
    }
  });
});
