import { exampleOf } from '../../src/docs/examples.js';
import type { ApiDocument, ApiOperation } from '../../src/openapi.js';
import { bodyOf, fileOf } from './bodies.js';
import { bearer, type Item, NO_AUTH, type Request, script, type Url } from './format.js';
import { type Store, testScript } from './stores.js';
import { variableOf } from './variables.js';

/** An operation of the document. */
export interface Documented {
  /** `POST /api/campaigns/{id}/send`. */
  name: string;
  method: string;
  path: string;
  operation: ApiOperation;
}

/** Only an administrator of the hub is let through, who acts for a business. */
const ACTED_FOR: ReadonlySet<string> = new Set(['POST /api/business/domains/{id}/prove']);

/** The requests of an operation: one, and where it reads files another with a file. */
export function itemsOf(documented: Documented, api: ApiDocument, stores: readonly Store[]): Item[] {
  const { name, operation } = documented;
  const status = Number(Object.keys(operation.responses).find((one) => /^[23]/.test(one)));
  const event = [script('test', testScript(status, stores))];
  const body = bodyOf(name, operation, api);
  const plain: Item = {
    name: operation.summary,
    event,
    // The answer itself is to be seen, not the page that it leads to.
    ...(status === 302 ? { protocolProfileBehavior: { followRedirects: false } } : {}),
    request: requestOf(documented, api, body && { type: 'application/json', raw: JSON.stringify(body, null, 2) }),
    response: [],
  };
  const file = fileOf(name, operation);
  if (file === undefined) return [plain];
  const request = requestOf(documented, api, { type: 'text/csv', raw: file });
  return [plain, { name: `${operation.summary}, from a CSV file`, event, request, response: [] }];
}

interface Body {
  type: 'application/json' | 'text/csv';
  raw: string;
}

function requestOf({ name, method, path, operation }: Documented, api: ApiDocument, body: Body | undefined): Request {
  const isActedFor = ACTED_FOR.has(name);
  const auth = operation.security.length === 0 ? NO_AUTH : isActedFor ? bearer('adminToken') : undefined;
  const takes = (parameter: string) =>
    operation.parameters.some((one) => '$ref' in one && one.$ref === `#/components/parameters/${parameter}`);
  return {
    method,
    ...(auth ? { auth } : {}),
    header: [
      ...(body ? [{ key: 'Content-Type', value: body.type }] : []),
      // A file that is streamed is safe to send again by itself.
      ...(takes('IdempotencyKey') && body?.type !== 'text/csv' ? [{ key: 'Idempotency-Key', value: '{{$guid}}' }] : []),
      ...(takes('BusinessId') ? [businessHeader(isActedFor)] : []),
    ],
    ...(body
      ? { body: { mode: 'raw', raw: body.raw, options: { raw: { language: languageOf(body) } } } as const }
      : {}),
    url: urlOf(path, operation, api),
    description: operation.description ?? '',
  };
}

const languageOf = ({ type }: Body) => (type === 'application/json' ? 'json' : 'text');

const businessHeader = (isActedFor: boolean): Request['header'][number] => ({
  key: 'X-Business-Id',
  value: '{{businessId}}',
  description: 'The business that an administrator of the hub acts for',
  ...(isActedFor ? {} : { disabled: true }),
});

function urlOf(path: string, operation: ApiOperation, api: ApiDocument): Url {
  const parameters = operation.parameters.flatMap((one) => ('name' in one ? [one] : []));
  const query = parameters
    .filter((one) => one.in === 'query')
    .map(({ name, required, description, schema }) => {
      const example = String(exampleOf(schema, api.components.schemas, true));
      return {
        key: name,
        value: example === 'string' ? '' : example,
        ...(description ? { description } : {}),
        ...(required ? {} : { disabled: true as const }),
      };
    });
  const variable = parameters
    .filter((one) => one.in === 'path')
    .map(({ name }) => ({ key: name, value: `{{${variableOf(path, name)}}}` }));
  const segments = path.slice(1).replace(/\{(\w+)\}/g, ':$1');
  return {
    raw: `{{baseUrl}}/${segments}`,
    host: ['{{baseUrl}}'],
    path: segments.split('/'),
    ...(query.length > 0 ? { query } : {}),
    ...(variable.length > 0 ? { variable } : {}),
  };
}
