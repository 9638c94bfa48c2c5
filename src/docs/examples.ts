import type { ApiOperation } from '../openapi.js';
import { type JsonSchema, resolve } from './json-schemas.js';

type Schemas = Readonly<Record<string, JsonSchema>>;

const BY_FORMAT: Readonly<Record<string, string>> = {
  'date-time': '2026-12-24T08:00:00.000Z',
  email: 'ann@example.com',
  uri: 'https://example.com/',
};

const MAX_DEPTH = 8;

/** A value that fits a schema: its example where it has one, else what its type allows. `all`: also what is optional. */
export function exampleOf(given: JsonSchema, schemas: Schemas, all: boolean, depth = 0): unknown {
  const schema = resolve(given, schemas);
  for (const known of [schema.example, schema.const, schema.default]) if (known !== undefined) return known;
  if (schema.enum) return schema.enum[0];
  const choice = schema.anyOf?.find(({ type }) => type !== 'null');
  if (choice) return exampleOf(choice, schemas, all, depth);
  if (depth > MAX_DEPTH) return null;
  const next = (child: JsonSchema) => exampleOf(child, schemas, all, depth + 1);
  const [type] = [schema.type ?? []].flat().filter((one) => one !== 'null');
  switch (type) {
    case 'object': {
      const properties = Object.entries(schema.properties ?? {});
      const shown = properties.filter(([name]) => all || schema.required?.includes(name));
      return Object.fromEntries(shown.map(([name, child]) => [name, next(child)]));
    }
    case 'array':
      return schema.items ? [next(schema.items)] : [];
    case 'boolean':
      return true;
    case 'integer':
    case 'number':
      return schema.minimum ?? 0;
    default:
      return BY_FORMAT[schema.format ?? ''] ?? 'string';
  }
}

/** A call of the operation as one pastes it into a shell. Only what has to be there is in the body. */
export function curlOf(url: string, method: string, operation: ApiOperation, schemas: Schemas): string {
  const schema = operation.requestBody?.content['application/json']?.schema;
  const body = schema ? exampleOf(schema, schemas, false) : undefined;
  const lines = [`curl ${method === 'get' ? '' : `-X ${method.toUpperCase()} `}${url}`];
  const takesKeys = operation.security.some((scheme) => 'apiKey' in scheme);
  if (operation.security.length > 0) lines.push(`-H "Authorization: Bearer $${takesKeys ? 'PMH_KEY' : 'PMH_TOKEN'}"`);
  if (body !== undefined) {
    lines.push(`-H "Content-Type: application/json"`, `-d '${JSON.stringify(body).replaceAll("'", "'\\''")}'`);
  }
  return lines.join(' \\\n  ');
}
