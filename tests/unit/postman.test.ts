import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { collectionOf } from '../../scripts/postman/collection.js';
import type { Collection } from '../../scripts/postman/format.js';
import { document } from '../../src/openapi.js';
import { mounts } from '../../src/routes/index.js';
import { requestsOf } from '../support/postman.js';

const FILE = new URL('../../docs/postman/power-mta-hub.postman_collection.json', import.meta.url);

const api = document(mounts);
const kept: Collection = JSON.parse(readFileSync(FILE, 'utf8'));
const requests = requestsOf(kept);
const variables = kept.variable.map(({ key }) => key);

const Field = z.strictObject({ key: z.string().min(1), value: z.string(), type: z.literal('string') });
const Auth = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('noauth') }),
  z.strictObject({ type: z.literal('bearer'), bearer: z.array(Field).length(1) }),
  z.strictObject({ type: z.literal('apikey'), apikey: z.array(Field).length(3) }),
]);
const Script = z.strictObject({
  listen: z.enum(['prerequest', 'test']),
  script: z.strictObject({ type: z.literal('text/javascript'), exec: z.array(z.string()).min(1) }),
});
const Pair = z.strictObject({
  key: z.string().min(1),
  value: z.string(),
  description: z.string().optional(),
  disabled: z.literal(true).optional(),
});
const Item = z.strictObject({
  name: z.string().min(1),
  event: z.array(Script),
  protocolProfileBehavior: z.strictObject({ followRedirects: z.boolean() }).optional(),
  request: z.strictObject({
    method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
    auth: Auth.optional(),
    header: z.array(Pair),
    body: z
      .strictObject({
        mode: z.literal('raw'),
        raw: z.string(),
        options: z.strictObject({ raw: z.strictObject({ language: z.enum(['json', 'text']) }) }),
      })
      .optional(),
    url: z.strictObject({
      raw: z.string().startsWith('{{baseUrl}}/'),
      host: z.array(z.string()),
      path: z.array(z.string().min(1)).min(1),
      query: z.array(Pair).optional(),
      variable: z.array(Pair).optional(),
    }),
    description: z.string().min(1),
  }),
  response: z.array(z.never()),
});

/** The part of https://schema.getpostman.com/json/collection/v2.1.0/ that the collection uses. */
const CollectionFormat = z.strictObject({
  info: z.strictObject({
    _postman_id: z.uuid(),
    name: z.string().min(1),
    description: z.string(),
    schema: z.literal('https://schema.getpostman.com/json/collection/v2.1.0/collection.json'),
  }),
  auth: Auth,
  event: z.array(Script),
  variable: z.array(Pair.omit({ disabled: true }).extend({ type: z.literal('string') })),
  item: z.array(z.strictObject({ name: z.string().min(1), auth: Auth.optional(), item: z.array(Item).min(1) })),
});

describe('the Postman collection', () => {
  it('is what the API is: else `npm run postman`', () => {
    expect(kept).toEqual(collectionOf(api));
  });

  it('has the shape that Postman imports', () => {
    expect(CollectionFormat.safeParse(kept).error?.issues).toBeUndefined();
  });

  it('has a folder for each tag, and every operation but the one that only Amazon can call', () => {
    expect(kept.item.map(({ name }) => name)).toEqual(api.tags.map(({ name }) => name));
    const held = new Set(
      requests.map(({ item: { request } }) => `${request.method} ${request.url.raw.slice('{{baseUrl}}'.length)}`),
    );
    const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
    );
    expect(operations.filter((name) => !held.has(name))).toEqual(['POST /api/inbound/ses/:token']);
    expect([...held].filter((name) => !operations.includes(name))).toEqual([]);
  });

  it('uses no variable that is not declared, and none of them could be a template’s', () => {
    const used = [...JSON.stringify(kept).matchAll(/\{\{([^{}]*)\}\}/g)].map(([, name = '']) => name);
    const unknown = used.filter((name) => name !== '$guid' && !variables.includes(name));
    expect(unknown.filter((name) => !/^ .+ $/.test(name))).toEqual([]);
    expect(new Set(variables).size).toBe(variables.length);
    const stored = [...JSON.stringify(kept).matchAll(/set\('(\w+)'/g)].map(([, name = '']) => name);
    expect(stored.filter((name) => !variables.includes(name))).toEqual([]);
  });

  it('holds no secret: what a person must set is empty', () => {
    const secret = kept.variable.filter(({ key }) => /password|token|secret|apiKey$|accessKey/i.test(key));
    expect(secret.length).toBeGreaterThan(5);
    expect(secret.filter(({ value }) => value !== '')).toEqual([]);
  });

  it('says for each request which status it answers', () => {
    for (const { item } of requests)
      expect(item.event.map(({ script }) => script.exec[0]).join()).toMatch(/answers \d+/);
  });

  it('sends an Idempotency-Key of its own wherever the operation honours one', () => {
    const keyed = requests.filter(({ item }) => item.request.header.some(({ key }) => key === 'Idempotency-Key'));
    const honouring = Object.values(api.paths).flatMap((methods) =>
      Object.values(methods).filter(({ parameters }) =>
        parameters.some((one) => '$ref' in one && one.$ref.endsWith('/IdempotencyKey')),
      ),
    );
    expect(keyed).toHaveLength(honouring.length);
  });
});
