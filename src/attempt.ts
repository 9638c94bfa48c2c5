import { createHash } from 'node:crypto';
import { Types } from 'mongoose';
import { isDuplicateKey } from './mongo.js';

/**
 * One try at what a request asks for. A request with an Idempotency-Key that comes again after its process died is tried
 * once more, and must not do twice what the first try may have done, or, in a process that only stood still, may yet do.
 */
export interface Attempt {
  /** The `_id` of what the request creates, or its mark on what it changes; the same at each try. */
  readonly id: Types.ObjectId;
  /** Whether it can come again: it has an Idempotency-Key. */
  readonly isKeyed: boolean;
  /** Whether it was tried before. */
  readonly isRepeat: boolean;
}

/** Of a request without a key. */
export function soleAttempt(): Attempt {
  return { id: new Types.ObjectId(), isKeyed: false, isRepeat: false };
}

/**
 * Creates a document whose `_id` is the attempt's: once, however often and wherever it is tried.
 * @param find reads that document; asked before anything else when the request comes again.
 * @param create checks the input and inserts.
 */
export async function createOnce<T>(
  { isRepeat }: Attempt,
  find: () => Promise<T | null>,
  create: () => Promise<T>,
): Promise<T> {
  const made = isRepeat ? await find() : null;
  if (made) return made;
  try {
    return await create();
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    const other = await find();
    if (!other) throw error;
    return other;
  }
}

/** The `_id` of the nth part of what an attempt creates: the same at each try, and of the attempt's time, as ids are sorted. */
export function partId({ id }: Pick<Attempt, 'id'>, n: number): Types.ObjectId {
  const hex = id.toHexString();
  const rest = createHash('sha256').update(`${hex}:${n}`).digest('hex');
  return new Types.ObjectId(hex.slice(0, 8) + rest.slice(0, 16));
}
