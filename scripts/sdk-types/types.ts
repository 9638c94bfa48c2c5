import type { JsonSchema } from '../../src/docs/json-schemas.js';

const COMPONENTS = '#/components/schemas/';
const LINE_LENGTH = 118;

/** What a schema becomes depends on where it stands. */
export interface Place {
  schemas: Readonly<Record<string, JsonSchema>>;
  /** Sent to the hub: points in time may be a `Date` there, for JSON writes it as one. */
  isInput: boolean;
  indent?: string;
}

/** A named type with its comment. */
export function declaration(name: string, schema: JsonSchema, place: Place, comment = schema.description): string {
  // The example of a whole object is for the documentation's page; here its fields have theirs.
  const { example, ...rest } = schema;
  const doc = docOf({ ...rest, description: comment }, '');
  const body = typeOf(schema, place);
  return body.startsWith('{\n')
    ? `${doc}export interface ${name} ${body}\n`
    : `${doc}export type ${name} = ${body};\n`.replace('= \n', '=\n');
}

/** The TypeScript of a schema. */
export function typeOf(schema: JsonSchema, place: Place): string {
  const { $ref, type, anyOf, enum: values, items, format } = schema;
  if ($ref) return nameOf($ref, place);
  if ('const' in schema) return literal(schema.const);
  if (values) return union(values.map(literal), place);
  if (anyOf)
    return union(
      anyOf.map((one) => typeOf(one, place)),
      place,
    );
  if (Array.isArray(type))
    return union(
      type.map((one) => typeOf({ ...schema, type: one }, place)),
      place,
    );
  if (type === 'array') return arrayOf(typeOf(items ?? {}, place), place);
  if (type === 'object') return objectOf(schema, place);
  if (type === 'integer') return 'number';
  if (format === 'date-time' && place.isInput) return 'string | Date';
  return type ?? 'unknown';
}

/** Whether a component says no more than that it is a string: its name would hide that. */
export const isPlain = ({ type, enum: values }: JsonSchema): boolean => type === 'string' && !values;

function nameOf(ref: string, place: Place): string {
  const name = ref.slice(COMPONENTS.length);
  const target = place.schemas[name];
  if (!target) throw new Error(`${ref} leads nowhere`);
  return isPlain(target) ? typeOf(target, place) : name;
}

function objectOf({ properties = {}, required = [], additionalProperties }: JsonSchema, place: Place): string {
  const entries = Object.entries(properties);
  if (entries.length === 0) {
    const values =
      typeof additionalProperties === 'object' ? typeOf(additionalProperties as JsonSchema, place) : 'unknown';
    return additionalProperties === false ? 'Record<string, never>' : `Record<string, ${values}>`;
  }
  const indent = place.indent ?? '';
  const inner = { ...place, indent: `${indent}  ` };
  const fields = entries.map(([name, schema]) => {
    const key = /^[A-Za-z_]\w*$/.test(name) ? name : literal(name);
    const doc = docOf(withTarget(schema, place), inner.indent);
    return `${doc}${inner.indent}${key}${required.includes(name) ? '' : '?'}: ${typeOf(schema, inner)};\n`.replace(
      ': \n',
      ':\n',
    );
  });
  return `{\n${fields.join('')}${indent}}`;
}

/** What stands with a plain component goes to where it is used. */
function withTarget(schema: JsonSchema, { schemas }: Place): JsonSchema {
  const parts = schema.$ref ? [schema] : (schema.anyOf ?? []).filter(({ type }) => type !== 'null');
  const [only] = parts;
  if (parts.length !== 1 || !only) return schema;
  const target = only.$ref ? schemas[only.$ref.slice(COMPONENTS.length)] : only;
  // What an id looks like need not stand beside each.
  if (only.$ref === `${COMPONENTS}Id`) return schema.description ? { description: schema.description } : {};
  if (!target || (only.$ref && !isPlain(target))) return schema;
  return { ...target, ...schema };
}

function arrayOf(item: string, { indent = '' }: Place): string {
  if (item.startsWith('\n')) return `(${item}\n${indent})[]`;
  return /^[\w.]+$/.test(item) || item.startsWith('{\n') ? `${item}[]` : `(${item})[]`;
}

function union(types: readonly string[], { indent = '' }: Place): string {
  const flat = types.flatMap((one) =>
    one.startsWith('\n')
      ? one
          .trim()
          .slice(2)
          .split(/\n\s*\| /)
      : [one],
  );
  // Beside others it stands for what is judged by itself.
  const unique = [...new Set(flat)].filter((one) => one !== 'unknown' || flat.length === 1);
  const line = unique.join(' | ');
  if (unique.some((one) => one.includes('\n')) || indent.length + line.length < LINE_LENGTH - 30) return line;
  return `\n${unique.map((one) => `${indent}  | ${one}`).join('\n')}`;
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value.replace(/['\\]/g, '\\$&')}'` : JSON.stringify(value);
}

/** A comment of what the document says of a field; empty where it says nothing. */
export function docOf(schema: JsonSchema, indent: string): string {
  const { description, example, default: fallback, minimum, maximum, minItems, maxItems, maxLength } = schema;
  const notes = [
    range(minimum, maximum, ''),
    range(minItems, maxItems, ' items'),
    maxLength === undefined || schema.format ? '' : `at most ${maxLength} characters`,
    fallback === undefined ? '' : `${JSON.stringify(fallback)} where absent`,
    example === undefined || schema.format === 'date-time' ? '' : `e.g. ${JSON.stringify(example)}`,
  ].filter(Boolean);
  const noted = notes.length > 0 ? capitalized(`${notes.join('; ')}.`) : '';
  const text = [description && sentence(description), noted]
    .filter(Boolean)
    .join(description?.includes('\n') ? '\n\n' : ' ');
  if (!text) return '';
  const lines = text
    .replaceAll('*/', '*\\/')
    .split('\n')
    .flatMap((line) => wrap(line, LINE_LENGTH - indent.length - 3));
  if (lines.length === 1 && lines[0] && lines[0].length < LINE_LENGTH - indent.length - 6) {
    return `${indent}/** ${lines[0]} */\n`;
  }
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`;
}

function range(least: unknown, most: unknown, what: string): string {
  if (least !== undefined && most !== undefined) return `${least} to ${most}${what}`;
  if (most !== undefined) return `at most ${most}${what}`;
  return least === undefined || least === 0 || least === 1 ? '' : `at least ${least}${what}`;
}

const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
const sentence = (text: string) => (/[.!?:]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`);

function wrap(text: string, width: number): string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last && last.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines;
}
