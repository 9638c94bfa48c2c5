import { type InboxService, startInbox } from './inbox.js';
import { type MongoOptions, type MongoService, startMongo } from './mongo.js';
import { type RedisOptions, type RedisService, startRedis } from './redis.js';
import { type SesOptions, type SesService, startSes } from './ses.js';

/** What to start, and what not. */
export interface ServicesOptions {
  /** A MongoDB that runs already; then none is started. */
  mongodbUri?: string | undefined;
  /** A Redis that runs already; then none is started. */
  redisUrl?: string | undefined;
  /** False for no web inbox: a process less where nobody looks. */
  inbox?: boolean;
  mongo?: MongoOptions;
  redis?: RedisOptions;
  ses?: SesOptions;
  /** Told in a sentence what takes long: a download, the first time. */
  progress?: (message: string) => void;
  /** Gives up starting; what is up by then ends again. */
  signal?: AbortSignal;
}

/** Everything that the product needs around it, running. */
export interface Services {
  /** With the database `power-mta-hub`, unless it was given. */
  readonly mongodbUri: string;
  readonly redisUrl: string;
  readonly sesEndpoint: string;
  /** Null when no inbox was wanted. */
  readonly inboxUrl: string | null;
  /** Null when a URI was given; likewise Redis. */
  readonly mongo: MongoService | null;
  readonly redis: RedisService | null;
  readonly ses: SesService;
  readonly inbox: InboxService | null;
  /** Ends everything that was started here and removes its directories. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a MongoDB, a Redis, a local SES and its web inbox side by side. They listen on 127.0.0.1 and end with this
 * process, however this process ends.
 * @throws the first Error of those that did not start; the others are ended before
 */
export async function startServices(options: ServicesOptions = {}): Promise<Services> {
  const { mongodbUri, redisUrl, progress, signal } = options;
  const starts = [
    mongodbUri ? null : startMongo({ progress, signal, ...options.mongo }),
    redisUrl ? null : startRedis({ progress, signal, ...options.redis }),
    startSes({ signal, ...options.ses }),
    options.inbox === false ? null : startInbox(signal),
  ] as const;
  const close = async () => {
    const started = await Promise.allSettled(starts);
    await Promise.all(started.map((start) => (start.status === 'fulfilled' ? start.value?.close() : undefined)));
  };
  try {
    const [mongo, redis, ses, inbox] = await Promise.all(starts);
    if (inbox) await ses.setInbox(inbox.url);
    return {
      mongodbUri: mongodbUri ?? mongo?.uri ?? '',
      redisUrl: redisUrl ?? redis?.url ?? '',
      sesEndpoint: ses.url,
      inboxUrl: inbox?.url ?? null,
      mongo,
      redis,
      ses,
      inbox,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
