import type { Answer, Call, Http, Operation } from './http.js';
import { Pages } from './pages.js';

interface Listed {
  pagination: { nextCursor: string | null; hasMore: boolean };
}

/** The operations that answer a page of a list. */
type ListOperation = { [O in Operation]: Answer<O> extends Listed ? O : never }[Operation];
type NounOf<O extends ListOperation> = Exclude<keyof Answer<O>, 'pagination'>;
type ItemOf<O extends ListOperation> = Answer<O>[NounOf<O>] extends (infer Item)[] ? Item : never;

/** The list that an operation answers in pages; nothing is fetched before it is asked for. */
export function list<O extends ListOperation>(
  http: Http,
  operation: O,
  noun: NounOf<O>,
  call: Call<O>,
): Pages<ItemOf<O>> {
  const query: { cursor?: string } = call.query ?? {};
  return new Pages(async (cursor) => {
    const paged = { ...call, query: { ...query, ...(cursor ? { cursor } : {}) } } as Call<O>;
    const answer = (await http.call(operation, paged)) as Listed & Record<NounOf<O>, ItemOf<O>[]>;
    return { items: answer[noun], ...answer.pagination };
  }, query.cursor);
}
