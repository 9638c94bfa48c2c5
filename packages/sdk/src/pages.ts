/** A page of a list. */
export interface Page<T> {
  items: T[];
  /** The `cursor` of the next page; null on the last. */
  nextCursor: string | null;
  hasMore: boolean;
}

/**
 * A list that comes in pages, fetched when they are asked for: `for await (const campaign of hub.campaigns.list())` goes
 * through all of it, `await hub.campaigns.list({ limit: 20 }).page()` gets one page.
 */
export class Pages<T> implements AsyncIterable<T> {
  readonly #fetch: (cursor: string | undefined) => Promise<Page<T>>;
  readonly #start: string | undefined;

  constructor(fetch: (cursor: string | undefined) => Promise<Page<T>>, start?: string) {
    this.#fetch = fetch;
    this.#start = start;
  }

  /** One page: the first, or the one at a `nextCursor`. */
  page(cursor: string | undefined = this.#start): Promise<Page<T>> {
    return this.#fetch(cursor);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    let cursor = this.#start;
    do {
      const { items, nextCursor } = await this.#fetch(cursor);
      yield* items;
      cursor = nextCursor ?? undefined;
    } while (cursor !== undefined);
  }
}
