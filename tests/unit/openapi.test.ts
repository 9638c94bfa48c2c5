import { describe, expect, it } from 'vitest';
import { endpointsOf } from '../../src/docs/endpoints.js';
import type { JsonSchema } from '../../src/docs/json-schemas.js';
import { docsPage } from '../../src/docs/page.js';
import { document } from '../../src/openapi.js';
import { mounts } from '../../src/routes/index.js';
import { NewPassword } from '../../src/schemas/auth.js';

const api = document(mounts);
const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, method, path, operation })),
);

/** Every value of a key, however deep. */
function valuesOf(key: string, value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, child]) => [...(name === key ? [child] : []), ...valuesOf(key, child)]);
}

function at(pointer: string): unknown {
  const steps = pointer.slice(2).split('/');
  return steps.reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], api);
}

function valueAt(value: unknown, ...keys: string[]): object {
  return keys.reduce<unknown>((parent, key) => (parent as Record<string, unknown>)[key], value) as object;
}

/** The shapes that a failure of an operation may have. */
function failuresAt(path: string, method: string, status: number): JsonSchema[] {
  const response = api.paths[path]?.[method]?.responses[status];
  return response && 'content' in response ? (response.content?.['application/json']?.schema.anyOf ?? []) : [];
}

describe('the OpenAPI document', () => {
  it('has every endpoint that is mounted, each with its operation', () => {
    const endpoints = endpointsOf(mounts);
    expect(endpoints.filter(({ operation }) => !operation)).toEqual([]);
    expect(operations).toHaveLength(endpoints.length);
    expect(operations.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['post /api/auth/register', 'get /api/templates/{id}', 'post /u/{token}']),
    );
  });

  it('has no reference that leads nowhere', () => {
    const references = valuesOf('$ref', api).filter((ref): ref is string => typeof ref === 'string');
    expect(references.length).toBeGreaterThan(100);
    expect(references.filter((ref) => at(ref) === undefined)).toEqual([]);
  });

  it('names each operation once', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-z][A-Za-z0-9]*$/);
  });

  it.each(operations)('describes $name', ({ path, operation }) => {
    expect(operation.summary).toMatch(/\S/);
    expect(api.tags).toContainEqual({ name: operation.tags[0] });
    const declared = operation.parameters.flatMap((one) => ('in' in one && one.in === 'path' ? [one.name] : []));
    expect(declared.sort()).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort());
    const successes = Object.keys(operation.responses).filter((status) => status.match(/^[23]/));
    expect(successes).toHaveLength(1);
    if (operation.security.length > 0) expect(operation.responses).toMatchObject({ 401: {}, 403: {} });
    if (path.includes('{')) expect(operation.responses).toMatchObject({ 400: {} });
    // Whose URL it is tells nobody but Amazon: a wrong one is as forbidden as a wrong signature.
    if (path.includes('{'))
      expect(operation.responses).toMatchObject(path.startsWith('/api/inbound') ? { 403: {} } : { 404: {} });
    if (operation.requestBody) expect(operation.responses).toMatchObject({ 400: {}, 413: {}, 415: {}, 422: {} });
  });

  it('tells what is sent from what comes back', () => {
    const create = api.paths['/api/templates']?.post;
    const schema = create?.requestBody?.content['application/json']?.schema;
    expect(schema).toMatchObject({ required: ['name', 'subject', 'content'], additionalProperties: false });
    const answer = create?.responses[201];
    expect(answer).toMatchObject({
      content: {
        'application/json': {
          schema: {
            required: ['success', 'template'],
            properties: { success: { const: true }, template: { $ref: '#/components/schemas/Template' } },
          },
        },
      },
    });
    expect(at('#/components/schemas/Template')).not.toHaveProperty('additionalProperties');
    expect(create?.['x-permissions']).toEqual(['manage_templates']);
    expect(create?.parameters).toContainEqual({ $ref: '#/components/parameters/BusinessId' });
  });

  it('names the media types that are read as a stream', () => {
    const content = api.paths['/api/campaigns/{id}/recipients']?.post?.requestBody?.content ?? {};
    expect(Object.keys(content)).toEqual(['application/json', 'text/csv', 'application/x-ndjson']);
  });

  it('lists what the ways into an account refuse', () => {
    expect(api.paths['/api/auth/login']?.post?.responses).toMatchObject({ 401: {}, 403: {}, 429: {} });
    const register = api.paths['/api/auth/register']?.post?.responses;
    expect(register).toMatchObject({ 403: {}, 409: {}, 429: {} });
    expect(register).not.toHaveProperty('401');
    expect(api.paths['/api/auth/accept-invitation']?.post?.responses).toMatchObject({
      403: {},
      409: {},
      422: {},
      429: {},
    });
    expect(api.paths['/api/users/invite']?.post?.responses).toMatchObject({ 409: {}, 429: {}, 503: {} });
  });

  it('says of what is counted how much is left, and of nothing else', () => {
    for (const { method, path, operation } of operations) {
      const [success] = Object.entries(operation.responses).flatMap(([status, one]) =>
        /^[23]/.test(status) ? [one] : [],
      );
      const isCounted =
        operation.security.length > 0 || (path.startsWith('/api/auth/') && method === 'post') || path.includes('doc');
      const isOther = path === '/api/openapi.json';
      expect('429' in operation.responses, `${method} ${path}`).toBe(isCounted || isOther);
      const headers = success && 'headers' in success ? Object.keys(success.headers ?? {}) : [];
      expect(headers.includes('RateLimit'), `${method} ${path}`).toBe(isCounted || isOther);
    }
    expect(at('#/components/responses/Failure429')).toMatchObject({ headers: { RateLimit: {}, 'Retry-After': {} } });
  });

  it('takes an Idempotency-Key for each POST behind a sign-in that creates or sends', () => {
    const looks = ['preflight', 'preview', 'check', 'verify', 'prove'];
    // They create and send nothing: each sets a state, and said again it sets the same.
    const settings = [
      '/api/admin/sending/pause',
      '/api/admin/sending/resume',
      '/api/admin/businesses/{id}/reset-quota',
    ];
    for (const { method, path, operation } of operations) {
      const isDoing = method === 'post' && !path.startsWith('/api/auth/') && operation.security.length > 0;
      const isHonoured = isDoing && !looks.includes(path.split('/').at(-1) ?? '') && !settings.includes(path);
      const key = { $ref: '#/components/parameters/IdempotencyKey' };
      expect(
        operation.parameters.some((one) => '$ref' in one && one.$ref === key.$ref),
        `${method} ${path}`,
      ).toBe(isHonoured);
      if (isHonoured) expect(operation.responses).toMatchObject({ 409: {}, 422: {} });
    }
    expect(api.paths['/api/campaigns']?.post?.responses[201]).toMatchObject({ headers: { 'Idempotent-Replayed': {} } });
  });

  it.each(['get', 'post'])('says that %s of a bad link answers a page, and never a 422', (method) => {
    const responses = api.paths['/u/{token}']?.[method]?.responses;
    expect(responses).toMatchObject({ 400: {}, 404: { content: { 'text/html': {} } } });
    expect(Object.keys(valueAt(responses, '404', 'content'))).toEqual(['text/html']);
    expect(responses).not.toHaveProperty('422');
  });

  it.each([
    ['get', '/api/auth/me', ['bearer']],
    ['post', '/api/business/api-keys', ['bearer']],
    ['get', '/api/business/api-keys', ['bearer']],
    ['delete', '/api/business/api-keys/{id}', ['bearer']],
    ['put', '/api/business/ses', ['bearer']],
    ['delete', '/api/business/ses', ['bearer']],
    ['get', '/api/admin/businesses/{id}', ['bearer']],
    ['get', '/api/business', ['bearer', 'apiKey']],
    ['post', '/api/auth/login', []],
  ])('lets %s %s be called with %j', (method, path, schemes) => {
    const operation = api.paths[path]?.[method];
    expect(operation?.security.flatMap(Object.keys)).toEqual(schemes);
  });

  it('describes what a broken import and a hub that is not ready tell beside the failure', () => {
    const [, broken] = failuresAt('/api/campaigns/{id}/recipients', 'post', 422);
    expect(broken?.required).toEqual(expect.arrayContaining(['code', 'added', 'duplicates', 'suppressed', 'invalid']));
    expect(broken?.properties).toHaveProperty('line');
    expect(at(String(broken?.properties?.errors?.items?.$ref))).toMatchObject({
      required: ['line', 'email', 'reason'],
    });
    const [, away] = failuresAt('/api/health/ready', 'get', 503);
    expect(at(String(away?.properties?.checks?.$ref))).toMatchObject({ required: ['mongodb', 'redis', 'queue'] });
  });

  it('tells how long a password may be', () => {
    const body = api.paths['/api/auth/register']?.post?.requestBody?.content['application/json']?.schema;
    expect(body?.properties?.password).toMatchObject({ minLength: 8 });
    expect(api.info.description).toMatch(/password .* 8 characters, .* 72 bytes/);
    expect(NewPassword.safeParse('x'.repeat(72)).success).toBe(true);
    expect(NewPassword.safeParse('x'.repeat(73)).success).toBe(false);
  });

  it('shows the health check without an envelope', () => {
    const answer = api.paths['/api/health']?.get?.responses[200];
    expect(answer).toMatchObject({
      content: { 'application/json': { schema: { required: ['status', 'service', 'timestamp'] } } },
    });
  });
});

describe('the documentation page', () => {
  const { body, style } = docsPage(api);

  it('shows every operation, and leads to it', () => {
    for (const { operation } of operations) {
      expect(body).toContain(`href="#${operation.operationId}"`);
      expect(body).toContain(`<article id="${operation.operationId}">`);
    }
  });

  it('has no script and takes nothing from another host', () => {
    expect(body).not.toMatch(/<script|<img|<link|<iframe|\son\w+=|style="/i);
    expect(style).not.toMatch(/url\(|@import/);
  });

  it('signs in with a token, not a key, where keys are refused', () => {
    const [, ses = ''] = body.split('<article id="deleteBusinessSes">');
    expect(ses.slice(0, ses.indexOf('</article>'))).toContain('Bearer $PMH_TOKEN');
  });

  it('has a call that works as it is pasted', () => {
    expect(body).toContain(
      [
        'curl -X POST https://hub.example.test/api/templates \\',
        '  -H &#34;Authorization: Bearer $PMH_KEY&#34; \\',
        '  -H &#34;Content-Type: application/json&#34; \\',
        '  -d &#39;{&#34;name&#34;:&#34;Order confirmation&#34;,&#34;subject&#34;:&#34;Hello {{ name }}&#34;,&#34;content&#34;:{&#34;html&#34;:&#34;&lt;p&gt;Hello {{ name }}&lt;/p&gt;&#34;}}&#39;',
      ].join('\n'),
    );
  });
});
