import type { JsonSchema } from '../../../src/docs/json-schemas.js';
import type { Call } from './case.js';
import type { Documented } from './index.js';
import { branches, nameOf, type Place, placesOf } from './schemas.js';

const isId = (schema: JsonSchema) => branches(schema).some((branch) => nameOf(branch) === 'Id');

/** The parameters that are ids. */
export function idsIn(place: 'path' | 'query', { operation }: Documented): string[] {
  return operation.parameters.flatMap((one) => ('in' in one && one.in === place && isId(one.schema) ? [one.name] : []));
}

/** Whether it takes a parameter of this name in its query. */
export const takes = ({ operation }: Documented, name: string): boolean =>
  operation.parameters.some((one) => 'in' in one && one.in === 'query' && one.name === name);

/** The places of the JSON body that are ids. */
export function idsInBody({ operation }: Documented): Place['path'][] {
  const schema = operation.requestBody?.content['application/json']?.schema;
  return schema ? placesOf(schema).flatMap(({ path, schema: there }) => (isId(there) ? [path] : [])) : [];
}

/** The call with another value at a place of its body. */
export function withBody(call: Call, path: Place['path'], value: unknown): Call {
  return { ...call, body: put(call.body, path, value) as object };
}

/** A value with another one at a place in it, and what is needed above that. */
export function put(body: unknown, [step, ...rest]: readonly (string | number)[], value: unknown): unknown {
  if (step === undefined) return value;
  if (typeof step === 'number') {
    const [first, ...others] = Array.isArray(body) ? body : [];
    return [put(first, rest, value), ...others];
  }
  const known = typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {};
  return { ...known, [step]: put((known as Record<string, unknown>)[step], rest, value) };
}
