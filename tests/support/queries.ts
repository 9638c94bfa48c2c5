import mongoose from 'mongoose';

/** What MongoDB was asked: collection, method and filter or pipeline, in JSON. */
export async function queriesOf(work: () => Promise<unknown>): Promise<string[]> {
  const queries: string[] = [];
  mongoose.set('debug', (collection: string, method: string, ...[filter]: unknown[]) => {
    queries.push(JSON.stringify([collection, method, filter]));
  });
  try {
    await work();
  } finally {
    mongoose.set('debug', false);
  }
  return queries;
}

const OTHER_ID = /"[0-9a-f]{24}"/g;
const REQUEST_ID = /"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"/g;
const TIME = /"\d{4}-\d\d-\d\dT[\d:.]+Z"/g;

/** Those of the queries that name the id, with whatever is another one each time (ids, requests, times) taken out. */
export function naming(id: string, queries: readonly string[]): string[] {
  return queries
    .filter((query) => query.includes(id))
    .map((query) =>
      query
        .replaceAll(id, 'the id')
        .replace(OTHER_ID, '"an id"')
        .replace(REQUEST_ID, '"a request"')
        .replace(TIME, '"a time"'),
    );
}
