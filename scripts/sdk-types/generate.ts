import { readFileSync } from 'node:fs';
import type { JsonSchema } from '../../src/docs/json-schemas.js';
import { type ApiDocument, type ApiOperation, document } from '../../src/openapi.js';
import { mounts } from '../../src/routes/index.js';
import { type TenantOperation, tenantOperations } from './operations.js';
import { declaration, isPlain, type Place, typeOf } from './types.js';

const COMPONENTS = '#/components/schemas/';

/** The source of the SDK's types, and of what it knows of the operations at run time. */
export async function generate(): Promise<string> {
  const api = document(mounts);
  const operations = await tenantOperations(api, mounts);
  const parts = operations.map((one) => partsOf(one, api));
  const codes = api.components.schemas.Failure?.properties?.code ?? {};
  return [
    "// Made by `npm run sdk:types` from the hub's OpenAPI document: change the hub's schemas instead.\n",
    `/** Of this package. */\nexport const VERSION = '${version()}';\n`,
    declaration('ErrorCode', codes, placeOf(api, false), 'Why the hub refused something'),
    ...componentsOf(api, parts),
    ...parts.flatMap((one) => declarationsOf(one, api)),
    tableOf(parts, api),
    keyedOf(operations),
  ].join('\n');
}

function version(): string {
  return JSON.parse(readFileSync(new URL('../../packages/sdk/package.json', import.meta.url), 'utf8')).version;
}

/** What an operation takes and answers, as schemas with their names. */
interface Parts extends TenantOperation {
  query?: Named;
  body?: Named;
  answer?: JsonSchema;
}

interface Named {
  name: string;
  schema: JsonSchema;
}

const placeOf = ({ components }: ApiDocument, isInput: boolean): Place => ({ schemas: components.schemas, isInput });

/** The body has the operation's name; so has the query where there is no body, and nothing that is called so. */
function partsOf(one: TenantOperation, api: ApiDocument): Parts {
  const { operation, name } = one;
  const query = queryOf(operation);
  const body = operation.requestBody?.content['application/json']?.schema;
  const answer = answerOf(operation);
  const queryName = body || api.components.schemas[name] ? `${name}Query` : name;
  // A body that has a name of its own already keeps it.
  const bodyName = body?.$ref?.slice(COMPONENTS.length) ?? name;
  return {
    ...one,
    ...(query ? { query: { name: queryName, schema: query } } : {}),
    ...(body ? { body: { name: bodyName, schema: body } } : {}),
    ...(answer ? { answer } : {}),
  };
}

function queryOf({ parameters }: ApiOperation): JsonSchema | undefined {
  const asked = parameters.flatMap((one) => ('in' in one && one.in === 'query' ? [one] : []));
  if (asked.length === 0) return undefined;
  const properties = asked.map(({ name, schema, description }) => [
    name,
    { ...schema, ...(description ? { description } : {}) },
  ]);
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    required: asked.filter(({ required }) => required).map(({ name }) => name),
  };
}

/** Without the `success` that every answer has; undefined for files. */
function answerOf({ responses }: ApiOperation): JsonSchema | undefined {
  const [, response] = Object.entries(responses).find(([status]) => status.startsWith('2')) ?? [];
  const schema = response && 'content' in response ? response.content?.['application/json']?.schema : undefined;
  if (!schema) return undefined;
  const { success, ...properties } = schema.properties ?? {};
  return { ...schema, properties, required: (schema.required ?? []).filter((name) => name !== 'success') };
}

/** Every shape that the operations speak of, once. */
function componentsOf(api: ApiDocument, parts: readonly Parts[]): string[] {
  const { schemas } = api.components;
  const sent = reachable(
    parts.flatMap(({ query, body }) => [query, body]),
    schemas,
  );
  const answered = reachable(
    parts.map(({ answer }) => answer),
    schemas,
  );
  const bodies = new Map(parts.map((one) => [one.body?.name, commentOf(one)]));
  return Object.entries(schemas)
    .filter(([name, schema]) => (sent.has(name) || answered.has(name)) && !isPlain(schema))
    .map(([name, schema]) => {
      return declaration(name, schema, placeOf(api, !answered.has(name)), schema.description ?? bodies.get(name));
    });
}

function reachable(from: readonly unknown[], schemas: Readonly<Record<string, JsonSchema>>): Set<string> {
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { $ref } = value as JsonSchema;
    const name = typeof $ref === 'string' ? $ref.slice(COMPONENTS.length) : undefined;
    if (name && !found.has(name)) {
      found.add(name);
      visit(schemas[name]);
    }
    Object.values(value).forEach(visit);
  };
  from.forEach(visit);
  return found;
}

function declarationsOf(one: Parts, api: ApiDocument): string[] {
  const { query, body, answer } = one;
  const comment = commentOf(one);
  const declare = ({ name, schema }: Named) => declaration(name, schema, placeOf(api, true), comment);
  return [
    ...(body && !body.schema.$ref ? [declare(body)] : []),
    ...(query ? [declare(query)] : []),
    ...(answer && isNamed(answer) ? [declaration(answerName(one), answer, placeOf(api, false), comment)] : []),
  ];
}

const commentOf = ({ key, operation }: Parts) => `\`${key}\`: ${operation.summary}`;
const answerName = ({ name }: Parts) => `${name}Answer`;

/** Whether an answer has a name of its own: one that is more than one thing, and no page of a list. */
function isNamed({ properties = {} }: JsonSchema): boolean {
  const fields = Object.values(properties);
  if (fields.length > 1) return !properties.pagination;
  return fields.some((field) => JSON.stringify(field).includes('"properties"'));
}

function tableOf(parts: readonly Parts[], api: ApiDocument): string {
  const rows = parts.map((one) => {
    const { key, operation, query, body } = one;
    const fields = [query && `query: ${query.name}`, body && `body: ${body.name}`, `answer: ${answerType(one, api)}`];
    return `  /** ${operation.summary}. */\n  '${key}': { ${fields.filter(Boolean).join('; ')} };\n`;
  });
  return `/** Every operation of a business: what it takes and answers. */\nexport interface Operations {\n${rows.join('')}}\n`;
}

function answerType(one: Parts, api: ApiDocument): string {
  const { answer } = one;
  if (!answer) return 'string';
  if (isNamed(answer)) return answerName(one);
  const fields = Object.entries(answer.properties ?? {});
  if (fields.length === 0) return 'Record<never, never>';
  return `{ ${fields.map(([name, schema]) => `${name}: ${typeOf(schema, placeOf(api, false))}`).join('; ')} }`;
}

function keyedOf(operations: readonly TenantOperation[]): string {
  const keyed = operations.filter(({ operation }) =>
    operation.parameters.some((one) => '$ref' in one && one.$ref === '#/components/parameters/IdempotencyKey'),
  );
  return [
    '/** The operations that are done once for each `Idempotency-Key`, however often they are asked for. */',
    'export const KEYED: ReadonlySet<string> = new Set<keyof Operations>([',
    ...keyed.map(({ key }) => `  '${key}',`),
    ']);',
    '',
  ].join('\n');
}
