import { startServices } from '../../src/embedded/services.js';
import type { SesService } from '../../src/embedded/ses.js';
import { type OwnDatabase, ownDatabaseOn } from './own-database.js';

/** Messages a second of the SES account: slow enough to watch, and a long list is done in about a minute. */
const LEAST_RATE = 200;
const MOST_RATE = 2_000;
const LONG_LIST_SECONDS = 60;

/** What the hub needs around it. */
export interface Surroundings {
  mongodbUri: string;
  redisUrl: string;
  sesEndpoint: string;
  inboxUrl: string;
  ses: SesService;
  /** Ends what was started, and drops what was made in a MongoDB that ran already. */
  close(): Promise<void>;
}

/** Starts it; MONGODB_URI and REDIS_URL name servers that run already. @throws Error as `startServices`. */
export async function startSurroundings(
  recipients: number,
  { say, signal }: { say(line: string): void; signal: AbortSignal },
): Promise<Surroundings> {
  const { MONGODB_URI, REDIS_URL } = process.env;
  const database: OwnDatabase | undefined = MONGODB_URI ? ownDatabaseOn(MONGODB_URI) : undefined;
  if (database) say('  MongoDB: that of MONGODB_URI, in a new database that is dropped at the end');
  if (REDIS_URL) say('  Redis: that of REDIS_URL');
  const maxSendRate = Math.min(MOST_RATE, Math.max(LEAST_RATE, Math.ceil(recipients / LONG_LIST_SECONDS)));
  const services = await startServices({
    mongodbUri: database?.uri,
    redisUrl: REDIS_URL || undefined,
    ses: { account: { maxSendRate, max24HourSend: -1 }, keepRaw: 0 },
    progress: (message) => say(`  ${message}`),
    signal,
  });
  return {
    ...services,
    inboxUrl: services.inboxUrl ?? '',
    async close() {
      await database?.drop();
      await services.close();
    },
  };
}
