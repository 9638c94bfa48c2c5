import { z } from 'zod';
import { invalid } from '../errors.js';

/** An id in a cursor. */
export const hexId = z.string().regex(/^[0-9a-f]{24}$/);

/** A time in a cursor, in ms: one that a Date can have (ECMA-262, "Time Values and Time Range"). */
export const timeMs = z.int().min(-8.64e15).max(8.64e15);

/** The cursor that names a place in an order of several fields. */
export const sealed = (place: unknown[]): string => Buffer.from(JSON.stringify(place)).toString('base64url');

/** The place that a cursor names. @throws AppError `validation_failed` for a cursor that no page gave. */
export function opened<T>(cursor: string, shape: z.ZodType<T>): T {
  try {
    return shape.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch {
    throw invalid([{ path: 'cursor', message: 'must be the nextCursor of the page before' }]);
  }
}
