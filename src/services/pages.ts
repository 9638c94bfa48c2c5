import { Types } from 'mongoose';
import { invalid } from '../errors.js';

/** One page of a list, newest first. `nextCursor` asks for the next one and is null on the last. */
export interface Page<T> {
  items: T[];
  pagination: { nextCursor: string | null; hasMore: boolean };
}

/**
 * Reads a page by the last id of the one before, so that a page costs the same wherever it lies and what is added
 * meanwhile neither repeats nor hides a row. `find` gets the condition to put into its filter and how many rows to read,
 * and sorts by `_id` descending.
 * @throws AppError `validation_failed` for a cursor that no page gave.
 */
export async function read<T extends { _id: Types.ObjectId }>(
  { cursor, limit }: { cursor?: string | undefined; limit: number },
  find: (before: { _id?: { $lt: Types.ObjectId } }, count: number) => Promise<T[]>,
): Promise<Page<T>> {
  if (cursor !== undefined && !/^[0-9a-f]{24}$/.test(cursor)) {
    throw invalid([{ path: 'cursor', message: 'must be the nextCursor of the page before' }]);
  }
  // One more than asked for tells whether there is a next page.
  const rows = await find(cursor ? { _id: { $lt: new Types.ObjectId(cursor) } } : {}, limit + 1);
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1) : undefined;
  return { items, pagination: { nextCursor: last ? String(last._id) : null, hasMore: last !== undefined } };
}
