import { z } from 'zod';

/** JSON Schema 2020-12, the dialect of OpenAPI 3.1; only what the documentation reads is named. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  example?: unknown;
  minimum?: number;
  maximum?: number;
  pattern?: string;
  [keyword: string]: unknown;
}

const COMPONENTS = '#/components/schemas/';

/** Turns zod's schemas into JSON Schema; those with an `id` in their meta are kept once, under components. */
export class Components {
  readonly schemas: Record<string, JsonSchema> = {};

  /** What a caller sends. */
  input(schema: z.ZodType): JsonSchema {
    return this.convert(schema, 'input');
  }

  /** What the hub answers. */
  output(schema: z.ZodType): JsonSchema {
    return this.convert(schema, 'output');
  }

  private convert(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
    const generated = z.toJSONSchema(schema, {
      io,
      unrepresentable: 'any',
      ...(io === 'output' ? { override: open } : {}),
    }) as JsonSchema & {
      $defs?: Record<string, JsonSchema>;
    };
    const { $defs = {}, $schema, ...root } = generated;
    const names = new Map<string, string>();
    for (const [id, definition] of Object.entries($defs)) names.set(`#/$defs/${id}`, this.nameFor(id, definition, io));
    for (const [id, definition] of Object.entries($defs)) {
      const name = names.get(`#/$defs/${id}`) ?? id;
      this.schemas[name] = tidy(definition, names);
    }
    return tidy(root, names);
  }

  private readonly seen = new Map<string, string>();

  /** The schema's id; where what is sent and what is answered differ (a default, a transform), the sent one's own. */
  private nameFor(id: string, definition: JsonSchema, io: 'input' | 'output'): string {
    const text = JSON.stringify(definition);
    const known = this.seen.get(id);
    if (known === undefined) this.seen.set(id, text);
    if (known === undefined || known === text) return id;
    return io === 'input' ? `${id}Input` : `${id}Output`;
  }
}

/** A client must not break when an answer gets a field: only what is sent may be refused for an unknown one. */
function open({ jsonSchema }: { jsonSchema: { additionalProperties?: unknown } }): void {
  if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
}

/** Points the references at the components and drops what only machines would check and nobody can read. */
function tidy(schema: JsonSchema, names: ReadonlyMap<string, string>): JsonSchema {
  const { $ref, pattern, minimum, maximum, ...rest } = schema;
  const entries = Object.entries(rest).map(([keyword, value]) => [keyword, tidyValue(keyword, value, names)] as const);
  return {
    ...Object.fromEntries(entries),
    ...($ref ? { $ref: `${COMPONENTS}${names.get($ref) ?? $ref}` } : {}),
    ...(pattern && !schema.format ? { pattern } : {}),
    // The bounds of a safe integer say nothing.
    ...(minimum !== undefined && minimum !== Number.MIN_SAFE_INTEGER ? { minimum } : {}),
    ...(maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER ? { maximum } : {}),
  };
}

/** Keywords whose values are no schemas, whatever they look like. */
const PLAIN = new Set(['example', 'default', 'const', 'enum', 'required']);

function tidyValue(keyword: string, value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (PLAIN.has(keyword) || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => tidyValue('', item, names));
  if (keyword !== 'properties') return tidy(value as JsonSchema, names);
  const properties = Object.entries(value as Record<string, JsonSchema>);
  return Object.fromEntries(properties.map(([name, schema]) => [name, tidy(schema, names)]));
}

/** The schema itself, or the component that it refers to. */
export function resolve(schema: JsonSchema, schemas: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const target = schema.$ref ? schemas[schema.$ref.slice(COMPONENTS.length)] : undefined;
  return target ?? schema;
}
