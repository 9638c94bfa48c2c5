import { randomBytes } from 'node:crypto';
import mongoose from 'mongoose';

/** A database that nobody else uses, on a MongoDB that runs already. */
export interface OwnDatabase {
  uri: string;
  drop(): Promise<void>;
}

/** Names a new database on the server of this URI; what stands there already is left alone. */
export function ownDatabaseOn(serverUri: string): OwnDatabase {
  const name = `power-mta-hub-quickstart-${randomBytes(4).toString('hex')}`;
  // A URI may name several hosts, so it is no URL.
  const uri = serverUri.replace(/^([a-z+]+:\/\/[^/?]+)(\/[^?]*)?/, `$1/${name}`);
  return {
    uri,
    async drop() {
      const connection = await mongoose.createConnection(uri, { serverSelectionTimeoutMS: 2_000 }).asPromise();
      await connection.dropDatabase();
      await connection.close();
    },
  };
}
