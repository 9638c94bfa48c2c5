import { z } from 'zod';
import { type JsonSchema, resolve } from '../../../src/docs/json-schemas.js';
import { api } from './index.js';

const { schemas } = api.components;

/** A place in a body that the document describes. `0` stands for the items of a list. */
export interface Place {
  path: readonly (string | number)[];
  /** What may stand there. */
  schema: JsonSchema;
}

/** The name of the component that a schema is, e.g. `Email`. */
export const nameOf = ({ $ref }: JsonSchema): string | undefined =>
  $ref
    ?.split('/')
    .at(-1)
    ?.replace(/Input$/, '');

/** The schemas one of which holds: what stands behind a reference, and each of `anyOf`. */
export function branches(schema: JsonSchema): JsonSchema[] {
  if (schema.anyOf) return schema.anyOf.flatMap(branches);
  return [schema];
}

/** Every place below a schema. */
export function placesOf(schema: JsonSchema, path: Place['path'] = []): Place[] {
  return branches(schema).flatMap((branch) => {
    const { properties = {}, items } = resolve(branch, schemas);
    const children = Object.entries(properties).map(([name, child]) => [name, child] as const);
    return [...children, ...(items ? [[0, items] as const] : [])].flatMap(([step, child]) => {
      const below = [...path, step];
      return [{ path: below, schema: child }, ...placesOf(child, below)];
    });
  });
}

/** Whether the document lets a body through. */
export function acceptor(schema: JsonSchema): (body: unknown) => boolean {
  const text = JSON.stringify({ ...schema, $defs: schemas }, withoutClasses);
  const parser = z.fromJSONSchema(JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')));
  return (body) => parser.safeParse(body).success;
}

/** zod reads patterns without the flag `u`, so that classes of Unicode mean something else: `fitsPattern` reads those. */
function withoutClasses(keyword: string, value: unknown): unknown {
  return keyword === 'pattern' && String(value).includes('\\p{') ? undefined : value;
}

/** Whether a text is as the pattern of its place wants it (JSON Schema 2020-12, "pattern": Unicode). */
export function fitsPattern(schema: JsonSchema, value: unknown): boolean {
  const patterns = branches(schema).map((branch) => resolve(branch, schemas).pattern);
  return typeof value !== 'string' || patterns.every((one) => one === undefined || new RegExp(one, 'u').test(value));
}
