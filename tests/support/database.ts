import mongoose from 'mongoose';

const { EJSON } = mongoose.mongo.BSON;

/** When somebody was last here: written by whoever asks, whatever becomes of it. */
const PASSING = new Set(['lastUsed', 'lastLogin']);

/** Who tried what is kept there, also when it was refused. */
const LOGS = new Set(['auditentries']);

/** Every document of the database as text, by collection and id. */
export type Snapshot = ReadonlyMap<string, string>;

/** What the database holds at this moment, but for what each request leaves behind. */
export async function snapshot(): Promise<Snapshot> {
  const collections = (await mongoose.connection.db?.collections()) ?? [];
  const documents = await Promise.all(
    collections
      .filter(({ collectionName }) => !LOGS.has(collectionName))
      .map(async (collection) => {
        const found = await collection.find().toArray();
        return found.map((one): [string, string] => [`${collection.collectionName} ${String(one._id)}`, textOf(one)]);
      }),
  );
  return new Map(documents.flat());
}

function textOf(document: object): string {
  return EJSON.stringify(Object.fromEntries(Object.entries(document).filter(([key]) => !PASSING.has(key))));
}

/** What was added, changed or taken away between two moments. */
export function changes(before: Snapshot, after: Snapshot): string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names]
    .filter((name) => before.get(name) !== after.get(name))
    .map((name) => `${name}: ${before.get(name) ?? 'was not there'} → ${after.get(name) ?? 'is gone'}`);
}
