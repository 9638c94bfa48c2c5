import { describe, expect, it } from 'vitest';
import { EmailCampaignModel } from '../../src/models/email-campaign.js';
import { apiKey, connectSes, type Registered, register, unique } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { draft, people, sender, statesOf } from '../support/sending.js';

useHub();

type Method = 'get' | 'post' | 'patch';
const call = (who: Pick<Registered, 'token'>, method: Method, path = '', body?: object) =>
  api()[method](`/api/campaigns${path}`).auth(who.token, { type: 'bearer' }).send(body);

const valid = (overrides: object = {}) => ({
  name: unique('campaign'),
  subject: 'Hello {{ name }}',
  fromEmail: 'news@example.com',
  content: { html: '<p>Dear {{ name }}</p>' },
  ...overrides,
});

const created = async (who: Registered, overrides: object = {}) =>
  (await call(who, 'post', '', valid(overrides)).expect(201)).body.campaign;

const paths = (body: { errors?: { path: string }[] }) => body.errors?.map(({ path }) => path);

describe('POST /api/campaigns', () => {
  it('keeps a draft', async () => {
    const who = await register();
    const input = valid({ fromName: 'Whisky', replyTo: 'Help@Example.com' });
    const { body } = await call(who, 'post', '', input).expect(201);
    expect(body.campaign).toMatchObject({
      name: input.name,
      replyTo: 'help@example.com',
      content: { html: '<p>Dear {{ name }}</p>', text: null },
      status: 'draft',
      pause: null,
      launchedAt: null,
    });
    const stored = await EmailCampaignModel.findById(body.campaign.id).lean();
    expect(String(stored?.business)).toBe(who.businessId);
    expect((await call(who, 'get', `/${body.campaign.id}`).expect(200)).body).toEqual(body);
  });

  it.each([
    ['nothing', {}, ['name']],
    ['a subject with a line break', valid({ subject: 'a\r\nBcc: x@example.com' }), ['subject']],
    ['a sender’s name with a line break', valid({ fromName: 'a\nb' }), ['fromName']],
    ['no address', valid({ fromEmail: 'nobody' }), ['fromEmail']],
    ['an operator', valid({ name: { $gt: '' } }), ['name']],
    ['an unknown field', valid({ segmentCriteria: {} }), ['segmentCriteria']],
    ['empty content', valid({ content: {} }), ['content']],
    ['content and a template', valid({ template: '0'.repeat(24) }), ['content']],
    ['a template of nobody', valid({ template: '0'.repeat(24), content: undefined }), ['template']],
    ['several mistakes', { name: '', replyTo: 1, x: 2 }, ['name', 'replyTo', 'x']],
  ])('refuses %s with 422 and keeps nothing', async (_what, input, expected) => {
    const who = await register();
    const { body } = await call(who, 'post', '', input).expect(422);
    expect(body).toMatchObject({ success: false, code: 'validation_failed' });
    expect(paths(body)).toEqual(expect.arrayContaining(expected));
    expect(await EmailCampaignModel.countDocuments({ business: who.businessId })).toBe(0);
  });

  it('says the line of content that does not parse', async () => {
    const who = await register();
    const { body } = await call(who, 'post', '', valid({ content: { html: '<p>\n{% if %}' } })).expect(422);
    expect(body.errors).toEqual([{ path: 'content.html', message: expect.stringMatching(/^line 2, column/) }]);
  });
});

describe('GET /api/campaigns', () => {
  it('pages, newest first, and by status', async () => {
    const who = await register();
    const names = [];
    for (let n = 0; n < 5; n += 1) names.unshift((await created(who)).name);
    const first = (await call(who, 'get', '?limit=2').expect(200)).body;
    expect(first.pagination).toEqual({ hasMore: true, nextCursor: expect.any(String) });
    const rest = (await call(who, 'get', `?limit=3&cursor=${first.pagination.nextCursor}`).expect(200)).body;
    expect(rest.pagination).toEqual({ hasMore: false, nextCursor: null });
    expect([...first.campaigns, ...rest.campaigns].map(({ name }) => name)).toEqual(names);
    expect((await call(who, 'get', '?status=sent').expect(200)).body.campaigns).toEqual([]);
    expect(paths((await call(who, 'get', '?limit=0&status=x&page=2').expect(422)).body)).toEqual(
      expect.arrayContaining(['limit', 'status', 'page']),
    );
  });
});

describe('PATCH /api/campaigns/:id', () => {
  it('changes what is given, takes away what is null, and lets a template take the content’s place', async () => {
    const who = await register();
    const { id } = await created(who, { fromName: 'Old' });
    const { template } = (
      await api()
        .post('/api/templates')
        .auth(who.token, { type: 'bearer' })
        .send({ name: 'T', subject: 'S', content: { text: 'x' } })
        .expect(201)
    ).body;
    const { body } = await call(who, 'patch', `/${id}`, { fromName: null, template: template.id }).expect(200);
    expect(body.campaign).toMatchObject({ fromName: null, template: template.id, content: null });
  });

  it('refuses a launched campaign with 409', async () => {
    const who = await sender();
    const id = await draft(who, people(1));
    await call(who, 'post', `/${id}/send`).expect(202);
    const { body } = await call(who, 'patch', `/${id}`, { subject: 'Another' }).expect(409);
    expect(body.code).toBe('invalid_transition');
  });
});

describe('POST /api/campaigns/:id/send', () => {
  it('launches once, of any number of calls at the same time', async () => {
    const who = await sender();
    const id = await draft(who, people(3));
    const answers = await Promise.all(Array.from({ length: 8 }, () => call(who, 'post', `/${id}/send`)));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    for (const { status, body } of answers.filter((one) => one.status !== 202)) {
      expect([status, body.code]).toEqual([409, 'invalid_transition']);
    }
    expect(await statesOf(who, id)).toEqual({ pending: 3 });
  });

  it('names everything that is missing', async () => {
    const who = await register();
    await connectSes(who);
    const { id } = (await call(who, 'post', '', { name: 'Bare' }).expect(201)).body.campaign;
    const { body } = await call(who, 'post', `/${id}/send`).expect(422);
    expect(body.code).toBe('preflight_failed');
    expect(paths(body)).toEqual(['subject', 'fromEmail', 'content', 'recipients']);
    expect((await call(who, 'get', `/${id}`)).body.campaign.status).toBe('draft');
  });

  it('asks for an SES account first', async () => {
    const who = await register();
    const { id } = await created(who);
    expect((await call(who, 'post', `/${id}/send`).expect(422)).body.code).toBe('ses_not_configured');
  });

  it('takes sender and reply address from the business’s settings where the campaign has none', async () => {
    const who = await sender();
    await api()
      .patch('/api/business')
      .auth(who.token, { type: 'bearer' })
      .send({ settings: { defaultFromEmail: 'hi@example.com', defaultFromName: 'Hi', replyToEmail: 're@example.com' } })
      .expect(200);
    const id = await draft(who, people(1), { fromEmail: undefined });
    const { body } = await call(who, 'post', `/${id}/send`).expect(202);
    expect(body.campaign).toMatchObject({ fromEmail: 'hi@example.com', fromName: 'Hi', replyTo: 're@example.com' });
  });
});

describe('what MongoDB could not store or search', () => {
  it('is a 422 and never a 500', async () => {
    const who = await register();
    const { id } = await created(who);
    const bad = { recipients: [{ email: 'a@example.com', variables: { _bsontype: 'ObjectId' } }] };
    expect(paths((await call(who, 'post', `/${id}/recipients`, bad).expect(422)).body)).toEqual([
      'recipients.0.variables',
    ]);
    expect(paths((await call(who, 'get', `/${id}/recipients?email=a%00`).expect(422)).body)).toEqual(['email']);
    const templates = await api().get('/api/templates?search=a%00').auth(who.token, { type: 'bearer' }).expect(422);
    expect(paths(templates.body)).toEqual(['search']);
  });

  it('in a file is an invalid line, and the lines around it are added', async () => {
    const who = await register();
    const { id } = await created(who);
    const lines = [
      { email: 'a@example.com' },
      { email: 'b@example.com', variables: { _bsontype: 'x' } },
      { email: 'c@example.com' },
    ];
    const { body } = await api()
      .post(`/api/campaigns/${id}/recipients`)
      .auth(who.token, { type: 'bearer' })
      .type('application/x-ndjson')
      .send(lines.map((line) => JSON.stringify(line)).join('\n'))
      .expect(200);
    expect(body).toMatchObject({ added: 2, invalid: 1, errors: [{ line: 2 }] });
  });
});

describe('GET /api/campaigns/:id/stats', () => {
  it('counts each recipient once', async () => {
    const who = await register();
    const id = await draft(who, people(7));
    const { body } = await call(who, 'get', `/${id}/stats`).expect(200);
    expect(body.stats).toMatchObject({ total: 7, states: { pending: 7, sent: 0 }, stats: { sent: 0 } });
    const states = Object.values(body.stats.states as Record<string, number>);
    expect(states.reduce((sum, n) => sum + n, 0)).toBe(7);
  });
});

describe('a campaign of another business', () => {
  it('is a 404 for every operation, like one that is not there', async () => {
    const [owner, stranger] = await Promise.all([sender(), sender()]);
    const id = await draft(owner, people(1));
    for (const target of [id, '0'.repeat(24)]) {
      for (const [method, path, body] of [
        ['get', ''],
        ['get', '/stats'],
        ['patch', '', { name: 'Mine' }],
        ['post', '/send'],
      ] as const) {
        const answer = await call(stranger, method, `/${target}${path}`, body);
        expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
      }
    }
    expect((await call(stranger, 'get')).body.campaigns).toEqual([]);
  });
});

describe('a key', () => {
  it('does what its permissions say and nothing else', async () => {
    const who = await sender();
    const id = await draft(who, people(1));
    const manager = { token: await apiKey(who, ['manage_campaigns']) };
    const reader = { token: await apiKey(who, ['view_analytics']) };
    await call(manager, 'get', `/${id}`).expect(200);
    await call(manager, 'post', `/${id}/send`).expect(403);
    await call(manager, 'get', `/${id}/stats`).expect(403);
    await call(reader, 'get', `/${id}/stats`).expect(200);
    await call(reader, 'post', '', valid()).expect(403);
    await call({ token: 'pmh_live_wrong' }, 'get').expect(401);
    await api().get('/api/campaigns').expect(401);
  });
});
