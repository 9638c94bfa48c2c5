import type { ApiDocument } from '../../src/openapi.js';
import { apiKey, bearer, type Collection, type Folder, type Item, SCHEMA, script } from './format.js';
import { type Documented, itemsOf } from './item.js';
import { listedBy, madeBy, testScript } from './stores.js';
import { CLOCK, variableOf, variablesFor } from './variables.js';

/** Amazon's own call, signed by Amazon: nobody else can make it. */
const LEFT_OUT: ReadonlySet<string> = new Set(['POST /api/inbound/ses/{token}']);

const DESCRIPTION = `The whole API of a Power MTA Hub, made from its OpenAPI document (\`npm run postman\`).

1. In the collection's variables set \`baseUrl\`, and \`email\` and \`password\` of a user.
2. Send "Sign in", or "Register a business and its first administrator": the token is stored, and every other request carries it.
3. A request that makes something stores its id (\`campaignId\`, \`templateId\`, ...) for those that follow.

An administrator of the hub (\`npm run create-admin\`) sets \`adminEmail\` and \`adminPassword\` and sends the first request of Administration. To act for a business, he sets \`token\` to his token and switches the header \`X-Business-Id\` on.

A project calls with an API key, not with a token: as "Use an API key" does, in \`X-API-Key\`. Requests that create or send have an \`Idempotency-Key\`, a new one each time: to try one again whose answer was lost, send the same key. Times to come are set before each request, as \`tomorrow\` and \`nextWeek\`.

\`{{ name }}\` with spaces in a body is a template's own and none of Postman's variables.`;

/** The collection of the document's operations: a folder a tag, in the document's order. */
export function collectionOf(api: ApiDocument): Collection {
  const operations = operationsOf(api);
  const made = new Set(operations.flatMap(({ name, operation }) => madeBy(name, operation, api).map(([one]) => one)));
  const needed = new Set(operations.flatMap(neededBy));
  const unmade = new Set([...needed].filter((one) => !made.has(one)));
  const folders = api.tags.map(({ name: tag }): Folder => {
    const own = operations.filter(({ operation }) => operation.tags.includes(tag)).sort((a, b) => rank(a) - rank(b));
    const items = own.flatMap((one) => {
      const stores = [...madeBy(one.name, one.operation, api), ...listedBy(one.operation, api, unmade)];
      return itemsOf(one, api, stores);
    });
    return withMore({ name: tag, item: items }, operations, api);
  });
  return {
    info: {
      // Always the same: Postman offers to replace the collection when it is imported again.
      _postman_id: '5f0c2b7e-3c64-4d0e-9b1a-7a3d5a0c6e21',
      name: api.info.title,
      description: DESCRIPTION,
      schema: SCHEMA,
    },
    auth: bearer('token'),
    event: [script('prerequest', CLOCK)],
    variable: variablesFor([...made, ...needed]),
    item: folders,
  };
}

function operationsOf(api: ApiDocument): Documented[] {
  return Object.entries(api.paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([verb, operation]) => {
        const method = verb.toUpperCase();
        return { name: `${method} ${path}`, method, path, operation };
      }),
    )
    .filter(({ name }) => !LEFT_OUT.has(name));
}

function neededBy({ path, operation }: Documented): string[] {
  return operation.parameters.flatMap((one) => ('in' in one && one.in === 'path' ? [variableOf(path, one.name)] : []));
}

/** What makes a thing stands first, and what ends it last. */
function rank({ name, method, path, operation }: Documented): number {
  if (method === 'DELETE' || path.endsWith('/logout')) return 2;
  return method === 'POST' && '201' in operation.responses && !name.includes('{') ? 0 : 1;
}

/** Requests that are no operation of their own: how an administrator signs in, and how a project calls. */
function withMore(folder: Folder, operations: readonly Documented[], api: ApiDocument): Folder {
  const like = (name: string): Item | undefined => {
    const documented = operations.find((one) => one.name === name);
    return documented && itemsOf(documented, api, [])[0];
  };
  if (folder.name === 'Administration') {
    const login = like('POST /api/auth/login');
    return {
      name: folder.name,
      auth: bearer('adminToken'),
      item: [...(login ? [asAdmin(login)] : []), ...folder.item],
    };
  }
  const business = folder.name === 'API keys' && like('GET /api/business');
  if (!business) return folder;
  const { header: _actsForItsOwn, ...request } = business.request;
  const use: Item = {
    ...business,
    name: 'Use an API key',
    request: { ...request, auth: apiKey('apiKey'), header: [] },
  };
  return { ...folder, item: [...folder.item.slice(0, 1), use, ...folder.item.slice(1)] };
}

function asAdmin(login: Item): Item {
  const raw = JSON.stringify({ email: '{{adminEmail}}', password: '{{adminPassword}}' }, null, 2);
  const body = { mode: 'raw', raw, options: { raw: { language: 'json' } } } as const;
  return {
    ...login,
    name: 'Sign in as an administrator of the hub',
    event: [script('test', testScript(200, [['adminToken', 'answer.token']]))],
    request: { ...login.request, body },
  };
}
