import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { EmailTemplateModel } from '../../src/models/email-template.js';
import { apiKey, type Registered, register, unique } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';

useHub();

type Method = 'get' | 'post' | 'patch' | 'delete';
const call = (who: Registered, method: Method, path = '', body?: object) =>
  api()[method](`/api/templates${path}`).auth(who.token, { type: 'bearer' }).send(body);

const valid = (overrides: object = {}) => ({
  name: unique('template'),
  subject: 'Hello {{ name }}',
  content: { html: '<p>Dear {{ name }}, {{ offer }}</p>' },
  variables: [
    { name: 'name', defaultValue: 'friend' },
    { name: 'offer', required: true },
  ],
  ...overrides,
});

async function created(who: Registered, overrides: object = {}) {
  return (await call(who, 'post', '', valid(overrides)).expect(201)).body.template;
}

describe('POST /api/templates', () => {
  it('keeps a template', async () => {
    const who = await register();
    const input = valid({ category: 'newsletter', tags: ['spring'], description: 'For spring' });
    const { body } = await call(who, 'post', '', input).expect(201);
    expect(body).toEqual({
      success: true,
      template: {
        ...input,
        id: expect.stringMatching(/^[0-9a-f]{24}$/),
        content: { ...input.content, text: null },
        variables: [
          { name: 'name', description: null, defaultValue: 'friend', required: false },
          { name: 'offer', description: null, defaultValue: null, required: true },
        ],
        thumbnail: null,
        isActive: true,
        usageCount: 0,
        lastUsed: null,
        createdAt: expect.any(String),
        updatedAt: expect.any(String),
      },
    });
    const stored = await EmailTemplateModel.findById(body.template.id).lean();
    expect(String(stored?.business)).toBe(who.businessId);
    expect((await call(who, 'get', `/${body.template.id}`).expect(200)).body).toEqual(body);
  });

  it.each([
    ['nothing', {}, ['name', 'subject', 'content']],
    ['neither html nor text', valid({ content: {} }), ['content']],
    ['empty parts', valid({ content: { html: '', text: ' ' } }), ['content']],
    ['a subject of two lines', valid({ subject: 'a\r\nBcc: x@y.z' }), ['subject']],
    ['a variable twice', valid({ variables: [{ name: 'a' }, { name: 'a' }] }), ['variables.1.name']],
    ['a variable that Liquid cannot name', valid({ variables: [{ name: 'first name' }] }), ['variables.0.name']],
    ['a variable that reaches the prototype', valid({ variables: [{ name: '__proto__' }] }), ['variables.0.name']],
    ['an unknown category', valid({ category: 'spam' }), ['category']],
    ['an unknown field', valid({ owner: 'x' }), ['owner']],
    ['an operator for a name', valid({ name: { $ne: null } }), ['name']],
    ['a thumbnail that is a script', valid({ thumbnail: 'javascript:alert(1)' }), ['thumbnail']],
    ['html that does not parse', valid({ content: { html: 'a\n{% if x %}' } }), ['content.html']],
    ['html that is too long', valid({ content: { html: 'x'.repeat(600_000) } }), ['content.html']],
  ])('answers 422 to %s', async (_case, body, paths) => {
    const answer = await call(await register(), 'post', '', body).expect(422);
    expect(answer.body.code).toBe('validation_failed');
    expect(answer.body.errors.map((problem: { path: string }) => problem.path)).toEqual(paths);
  });

  it('names the line of what does not parse', async () => {
    const answer = await call(await register(), 'post', '', valid({ content: { html: 'a\nb {{ x | nope }}' } })).expect(
      422,
    );
    expect(answer.body.errors).toEqual([{ path: 'content.html', message: 'line 2, column 3: undefined filter: nope' }]);
  });
});

describe('GET /api/templates', () => {
  it('pages through them, newest first', async () => {
    const who = await register();
    const ids: string[] = [];
    for (let n = 0; n < 3; n += 1) ids.unshift((await created(who)).id);
    const first = (await call(who, 'get', '?limit=2').expect(200)).body;
    expect(first.templates.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 2));
    expect(first.pagination).toEqual({ nextCursor: ids[1], hasMore: true });
    const second = (await call(who, 'get', `?limit=2&cursor=${first.pagination.nextCursor}`).expect(200)).body;
    expect(second.templates.map(({ id }: { id: string }) => id)).toEqual(ids.slice(2));
    expect(second.pagination).toEqual({ nextCursor: null, hasMore: false });
  });

  it('finds by category and by how the name begins, as text', async () => {
    const who = await register();
    await created(who, { name: 'Spring (1)', category: 'newsletter' });
    await created(who, { name: 'Autumn Spring' });
    const names = async (query: string) =>
      (await call(who, 'get', query).expect(200)).body.templates.map(({ name }: { name: string }) => name);
    expect(await names('?search=spring%20(')).toEqual(['Spring (1)']);
    expect(await names('?search=.*')).toEqual([]);
    expect(await names('?category=newsletter')).toEqual(['Spring (1)']);
    expect(await names('?category=other')).toEqual(['Autumn Spring']);
  });

  it.each(['?limit=0', '?limit=201', '?cursor=nope', '?category=spam', '?sort=name'])(
    'answers 422 to %s',
    async (query) => {
      await call(await register(), 'get', query).expect(422);
    },
  );
});

describe('PATCH /api/templates/:id', () => {
  it('changes what is given, and takes away what is null', async () => {
    const who = await register();
    const { id } = await created(who, { description: 'old' });
    const { body } = await call(who, 'patch', `/${id}`, {
      name: 'New',
      description: null,
      content: { text: 'Hi' },
    }).expect(200);
    expect(body.template).toMatchObject({
      name: 'New',
      description: null,
      subject: 'Hello {{ name }}',
      content: { html: '<p>Dear {{ name }}, {{ offer }}</p>', text: 'Hi' },
    });
    const again = await call(who, 'patch', `/${id}`, { content: { html: null } }).expect(200);
    expect(again.body.template.content).toEqual({ html: null, text: 'Hi' });
  });

  it('checks what comes of it', async () => {
    const who = await register();
    const { id } = await created(who);
    for (const body of [
      { content: { html: null } },
      { subject: '{{ x' },
      { content: { text: '{% if %}' } },
      { usageCount: 5 },
    ]) {
      await call(who, 'patch', `/${id}`, body).expect(422);
    }
    expect((await call(who, 'get', `/${id}`)).body.template.content.html).toBe('<p>Dear {{ name }}, {{ offer }}</p>');
  });
});

describe('POST /api/templates/:id/preview', () => {
  const preview = async (who: Registered, overrides: object, variables?: object) => {
    const { id } = await created(who, overrides);
    return call(who, 'post', `/${id}/preview`, variables && { variables });
  };

  it('shows subject, html and text, and names what is missing', async () => {
    const { status, body } = await preview(await register(), {}, { name: '<Ann>' });
    expect(status).toBe(200);
    expect(body.preview).toEqual({
      subject: 'Hello <Ann>',
      html: '<p>Dear &lt;Ann&gt;, </p>',
      text: 'Dear <Ann>, ',
      missing: [{ name: 'offer', required: true }],
    });
  });

  it('has the addresses that the engine gives every message', async () => {
    const { body } = await preview(await register(), {
      content: { text: '{{ email }} {{ unsubscribe_url }}' },
      variables: [],
    });
    expect(body.preview.text).toBe('ann@example.com https://hub.example.test/u/preview');
    expect(body.preview.missing).toEqual([{ name: 'name', required: false }]);
  });

  it('ends a template that would render for ever, and renders the next', async () => {
    const who = await register();
    const bomb = `{% for i in (1..2000) %}{% for j in (1..2000) %}{% for k in (1..2000) %}x{% endfor %}{% endfor %}{% endfor %}`;
    const { status, body } = await preview(who, { content: { text: bomb } });
    expect(status).toBe(422);
    expect(body.errors).toEqual([{ path: 'content.text', message: 'takes too long to render' }]);
    expect((await preview(who, {})).status).toBe(200);
  });

  it.each([
    ['a key that reaches the prototype', '{"variables":{"__proto__":{"x":1}}}'],
    ['variables that are a list', '{"variables":[1]}'],
    ['more than 16 kB', JSON.stringify({ variables: { x: 'x'.repeat(17_000) } })],
  ])('answers 422 to %s', async (_case, json) => {
    const who = await register();
    const { id } = await created(who);
    await call(who, 'post', `/${id}/preview`).set('Content-Type', 'application/json').send(json).expect(422);
  });
});

describe('copy and delete', () => {
  it('copies a template', async () => {
    const who = await register();
    const original = await created(who, { name: 'First', tags: ['a'] });
    const { template } = (await call(who, 'post', `/${original.id}/duplicate`).expect(201)).body;
    expect(template).toMatchObject({
      name: 'Copy of First',
      tags: ['a'],
      content: original.content,
      variables: original.variables,
    });
    expect(template.id).not.toBe(original.id);
    const named = await call(who, 'post', `/${original.id}/duplicate`, { name: 'Second' }).expect(201);
    expect(named.body.template.name).toBe('Second');
  });

  it('deletes a template', async () => {
    const who = await register();
    const { id } = await created(who);
    expect((await call(who, 'delete', `/${id}`).expect(200)).body).toEqual({ success: true });
    await call(who, 'get', `/${id}`).expect(404);
    await call(who, 'delete', `/${id}`).expect(404);
  });
});

describe('who may', () => {
  const each: [Method, string, object?][] = [
    ['get', '/:id'],
    ['patch', '/:id', { name: 'x' }],
    ['delete', '/:id'],
    ['post', '/:id/preview', {}],
    ['post', '/:id/duplicate', {}],
  ];

  it.each(each)('answers 404 to %s %s of another business, and leaves it alone', async (method, path, body) => {
    const [mine, theirs] = [await register(), await register()];
    const template = await created(theirs);
    const answer = await call(mine, method, path.replace(':id', template.id), body).expect(404);
    expect(answer.body.code).toBe('not_found');
    expect((await call(theirs, 'get', `/${template.id}`)).body.template).toEqual(template);
    expect((await call(mine, 'get')).body.templates).toEqual([]);
  });

  it.each(each)('answers 404 to %s %s of none, 422 to what is no id', async (method, path, body) => {
    const who = await register();
    await call(who, method, path.replace(':id', new Types.ObjectId().toHexString()), body).expect(404);
    await call(who, method, path.replace(':id', 'nope'), body).expect(422);
  });

  it.each([['get', ''], ['post', ''], ...each] as [Method, string][])(
    'asks for manage_templates: %s %s',
    async (method, path) => {
      const who = await register();
      const url = `/api/templates${path.replace(':id', new Types.ObjectId().toHexString())}`;
      await api()[method](url).expect(401);
      const key = await apiKey(who, ['manage_campaigns', 'send_emails']);
      expect((await api()[method](url).set('X-API-Key', key).expect(403)).body.code).toBe('forbidden');
    },
  );
});
