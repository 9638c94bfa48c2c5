import { describe, expect, it } from 'vitest';
import { endpointsOf } from '../../src/docs/endpoints.js';
import { docsPage } from '../../src/docs/page.js';
import { document } from '../../src/openapi.js';
import { mounts } from '../../src/routes/index.js';

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
    const successes = Object.keys(operation.responses).filter((status) => status.startsWith('2'));
    expect(successes).toHaveLength(1);
    if (operation.security.length > 0) expect(operation.responses).toMatchObject({ 401: {}, 403: {} });
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

  it('has a call that works as it is pasted', () => {
    expect(body).toContain(
      [
        'curl -X POST https://hub.example.test/api/templates \\',
        '  -H &#34;Authorization: Bearer $PMH_KEY&#34; \\',
        '  -H &#34;Content-Type: application/json&#34; \\',
        '  -d &#39;{&#34;name&#34;:&#34;string&#34;,&#34;subject&#34;:&#34;Hello {{ name }}&#34;,&#34;content&#34;:{&#34;html&#34;:&#34;&lt;p&gt;Hello {{ name }}&lt;/p&gt;&#34;}}&#39;',
      ].join('\n'),
    );
  });
});
