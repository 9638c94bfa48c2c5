import { beforeAll, expect, it } from 'vitest';
import { isMeant, NOT_A_TENANTS, tenantOperations } from '../../scripts/sdk-types/operations.js';
import { startWorkers } from '../../src/queue/workers.js';
import { mounts } from '../../src/routes/index.js';
import { useHub } from '../support/hub.js';
import { api, caseOf } from '../support/operations/index.js';
import { type Scene, scene } from '../support/operations/scene.js';
import { useSdk } from '../support/sdk.js';
import { SDK_CALLS } from './operations.js';

const operations = await tenantOperations(api, mounts);

useHub();
const sdk = useSdk();
let own: Scene;

beforeAll(async () => {
  own = await scene();
});

it('has a call for every operation of a business, and no other', () => {
  expect(Object.keys(SDK_CALLS).sort()).toEqual(operations.map(({ key }) => key).sort());
});

it.each(Object.keys(NOT_A_TENANTS))('leaves out %s, which is there', (one) => {
  expect(Object.keys(api.paths).some((path) => isMeant(path, one))).toBe(true);
});

it.each(operations.filter(({ key }) => SDK_CALLS[key]))(
  'does $key as the document says',
  async ({ key, operation }) => {
    const { make, needsWorker } = caseOf(key);
    const made = await make(own);
    const asked: Request[] = [];
    const hub = sdk(made.token ?? own.token, {
      maxRetries: 0,
      fetch: (input, init) => {
        asked.push(new Request(input, init));
        return fetch(input, init);
      },
    });
    const { params = {}, query = {}, body } = made;
    const workers = needsWorker ? startWorkers() : undefined;
    const answer = await SDK_CALLS[key]?.(hub, {
      id: params.id ?? '',
      params,
      query: query as never,
      body: body as never,
    }).finally(() => workers?.close());

    const [request] = asked;
    if (!request || asked.length > 1) throw new Error(`${asked.length} requests`);
    const [method = '', path = ''] = key.split(' ');
    const { pathname, searchParams } = new URL(request.url);
    expect(`${request.method} ${pathname}`).toBe(
      `${method} ${path.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '')}`,
    );
    expect(Object.fromEntries(searchParams)).toEqual(query);
    const text = await request.text();
    if (body !== undefined) expect(JSON.parse(text)).toEqual(body);
    expect(request.headers.has('idempotency-key')).toBe(isKeyed(operation.parameters));
    expect(answer === undefined).toBe(isEmpty(operation.responses));
  },
);

const isKeyed = (parameters: readonly object[]) =>
  parameters.some((one) => '$ref' in one && one.$ref === '#/components/parameters/IdempotencyKey');

function isEmpty(responses: Record<string, object>): boolean {
  return JSON.stringify(responses[200] ?? {}).includes('"properties":{"success":{"type":"boolean","const":true}}');
}
