import { Redis } from 'ioredis';
import mongoose from 'mongoose';
import { findFreePort } from '../../src/embedded/free-port.js';
import { type MongoService, startMongo } from '../../src/embedded/mongo.js';
import { type RedisService, startRedis } from '../../src/embedded/redis.js';
import type { AccountSettings } from '../../src/embedded/ses/settings.js';
import { type SesService, startSes } from '../../src/embedded/ses.js';
import { type Client, createClient } from './client.js';
import { hubEnvironment, SERVER, WORKER } from './hub-environment.js';
import { type KeptProcess, keepProcess } from './kept-process.js';
import { type LogBook, openLogBook } from './log-book.js';

/** The hub with everything around it, each part of which can be killed and started again. */
export interface Stand {
  mongo: MongoService;
  /** Append-only: killed, it comes back with its data. */
  redis: RedisService;
  ses: SesService;
  api: KeptProcess;
  workers: readonly KeptProcess[];
  /** The hub over HTTP, for anybody. */
  hub: Client;
  logs: LogBook;
  signal: AbortSignal;
  /** FLUSHALL: nothing that Redis knew is left. */
  emptyRedis(): Promise<void>;
  /** Starts whatever does not run. */
  heal(): Promise<void>;
}

/** What a stand is made with. */
export interface StandOptions {
  workers: number;
  /** What SES accounts start with. */
  account?: Partial<AccountSettings>;
  /** Of the hub's processes, beside what all have. */
  env?: NodeJS.ProcessEnv;
  /** Told in a sentence what a person should know. */
  say(line: string): void;
  signal: AbortSignal;
}

/**
 * Builds a stand, works with it, and takes it down, whatever happens.
 * @throws what the work throws, and where a part does not start.
 */
export async function withStand<T>(options: StandOptions, work: (stand: Stand) => Promise<T>): Promise<T> {
  const closing: (() => Promise<unknown>)[] = [];
  try {
    return await work(await openStand(options, (close) => closing.push(close)));
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

type AtTheEnd = (close: () => Promise<unknown>) => void;

async function openStand(options: StandOptions, atTheEnd: AtTheEnd): Promise<Stand> {
  const { workers: count, account, say, signal } = options;
  const parts = [
    startMongo({ progress: say, signal }),
    startRedis({ appendOnly: true, progress: say, signal }),
    startSes({ account, keepRaw: 0, signal }),
  ] as const;
  for (const part of parts)
    atTheEnd(() =>
      part.then(
        ({ close }) => close(),
        () => undefined,
      ),
    );
  const [mongo, redis, ses] = await Promise.all(parts);
  await mongoose.connect(mongo.uri, { serverSelectionTimeoutMS: 5_000, autoIndex: false });
  atTheEnd(() => mongoose.disconnect());

  const port = await findFreePort();
  const logs = openLogBook();
  // What a sibling never does, and one harness for many tenants does: dozens of registrations a minute.
  const overrides = { LOG_LEVEL: 'info', RATE_LIMITS: 'off', ...options.env };
  const env = hubEnvironment({ mongodbUri: mongo.uri, redisUrl: redis.url, sesEndpoint: ses.url }, port, overrides);
  const keep = (name: string, file: string) => {
    const onLine = (line: string) => logs.add(name, line);
    return keepProcess({ name, file, env, signal, onLine }, ({ message }) => say(message));
  };
  const api = keep('API', SERVER);
  const workers = Array.from({ length: count }, (_, index) => keep(`worker ${index + 1}`, WORKER));

  const processes = [api, ...workers];
  atTheEnd(() => Promise.all(processes.map(({ end }) => end())));

  const heal = async () => {
    if (mongo.pid === undefined) await mongo.restart();
    if (redis.pid === undefined) await redis.restart();
    await ses.clearFailures();
    await Promise.all(processes.map(({ start }) => start()));
  };
  await heal();
  const hub = createClient(`http://127.0.0.1:${port}`, signal);
  return { mongo, redis, ses, api, workers, hub, logs, signal, emptyRedis: () => flush(redis.url), heal };
}

async function flush(url: string): Promise<void> {
  const redis = new Redis(url);
  await redis.flushall();
  redis.disconnect();
}
