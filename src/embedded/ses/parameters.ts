import { SesError } from './errors.js';
import type { QueryRequest } from './query-protocol.js';

/** @throws SesError ValidationError where the parameter is missing or empty */
export function required(request: QueryRequest, name: string): string {
  const value = request.get(name);
  if (!value)
    throw new SesError('ValidationError', `Value at '${name}' failed to satisfy constraint: Member must not be null`);
  return value;
}
