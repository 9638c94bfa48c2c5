import { escapeHtml, withCode } from '../html.js';
import { type JsonSchema, resolve } from './json-schemas.js';

type Schemas = Readonly<Record<string, JsonSchema>>;

/** One row of a table of fields. */
export interface Field {
  /** Dotted, `[]` for the items of a list: `variables[].name`. */
  name: string;
  schema: JsonSchema;
  isRequired: boolean;
  place?: string;
}

const MAX_LEVELS = 3;

/** The fields of an object and of the objects in it. */
export function fieldsOf(given: JsonSchema, schemas: Schemas, prefix = '', level = 0): Field[] {
  const schema = resolve(given, schemas);
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const field = { name: prefix + name, schema: child, isRequired: schema.required?.includes(name) ?? false };
    if (level >= MAX_LEVELS) return [field];
    const plain = resolve(notNull(child), schemas);
    const inner = plain.type === 'array' && plain.items ? resolve(plain.items, schemas) : plain;
    const dots = plain.type === 'array' ? '[].' : '.';
    return [field, ...fieldsOf(inner, schemas, `${field.name}${dots}`, level + 1)];
  });
}

/** A table of fields as HTML, or nothing where there are none. */
export function fieldTable(heading: string, fields: readonly Field[], schemas: Schemas): string {
  if (fields.length === 0) return '';
  const rows = fields.map(({ name, schema, isRequired, place }) => {
    const { description = '' } = { ...resolve(schema, schemas), ...schema };
    const need = isRequired ? ' <span class="need">required</span>' : '';
    return `<tr><th scope="row"><code>${escapeHtml(name)}</code>${need}</th><td>${escapeHtml(
      [place, typeOf(schema, schemas)].filter(Boolean).join(', '),
    )}</td><td>${withCode(String(description))}</td></tr>`;
  });
  return `<h4>${heading}</h4>
<div class="scroll"><table><thead><tr><th scope="col">Name</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>`;
}

function notNull(schema: JsonSchema): JsonSchema {
  return schema.anyOf?.find(({ type }) => type !== 'null') ?? schema;
}

/** `string, at most 200 characters`, `list of integer or null`, ... */
function typeOf(given: JsonSchema, schemas: Schemas): string {
  if (given.anyOf) return given.anyOf.map((one) => typeOf(one, schemas)).join(' or ');
  const schema = resolve(given, schemas);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.type === 'array') return `list of ${schema.items ? typeOf(schema.items, schemas) : 'anything'}`;
  const bounds = [
    schema.minimum === undefined ? '' : `from ${schema.minimum}`,
    schema.maximum === undefined ? '' : `to ${schema.maximum}`,
    typeof schema.minLength === 'number' && schema.minLength > 1 ? `at least ${schema.minLength} characters` : '',
    typeof schema.maxLength === 'number' ? `at most ${schema.maxLength} characters` : '',
    schema.default === undefined ? '' : `${JSON.stringify(schema.default)} where absent`,
  ];
  const values = schema.enum?.map((value) => JSON.stringify(value)).join(' | ');
  const type = Array.isArray(schema.type) ? schema.type.join(' or ') : schema.type;
  return [values ?? schema.format ?? type ?? 'anything', ...bounds.filter(Boolean)].join(', ');
}
