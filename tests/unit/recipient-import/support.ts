import type { Entry } from '../../../src/services/recipient-import/entry.js';

/** What a stream would bring, cut into pieces of `size`. */
export async function* pieces(whole: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size);
}

export async function* texts(...parts: string[]): AsyncGenerator<string> {
  yield* parts;
}

/** Everything a generator yields, and the error that it ended with. */
export async function collected<T>(items: AsyncIterable<T>): Promise<{ items: T[]; error: unknown }> {
  const all: T[] = [];
  try {
    for await (const item of items) all.push(item);
    return { items: all, error: undefined };
  } catch (error) {
    return { items: all, error };
  }
}

/** The entries of a reader in one list, and the error that it ended with. */
export async function entriesOf(blocks: AsyncIterable<Entry[]>): Promise<{ entries: Entry[]; error: unknown }> {
  const { items, error } = await collected(blocks);
  return { entries: items.flat(), error };
}
