import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoMemoryServer } from 'mongodb-memory-server';
import type { FetchHooks } from './cache.js';
import { retryTakenPort } from './free-port.js';
import { startGuard } from './guard.js';
import { findMongod, type MongodBinary } from './mongo/binary.js';

/** The database in every URI that is handed out. */
export const DATABASE = 'power-mta-hub';
const LAUNCH_TIMEOUT_MS = 60_000;
const WAYS_TO_GET_ONE = `There is no MongoDB here, and none could be downloaded. Any one of these gives one:
  - install it, so that "mongod" is on PATH or MONGOMS_SYSTEM_BINARY names it
  - start it in a container: "docker compose up -d"
  - point MONGODB_URI at one that runs somewhere, e.g. MONGODB_URI=mongodb://127.0.0.1:27017/${DATABASE}`;

/** How to start MongoDB. */
export interface MongoOptions extends FetchHooks {
  /** Where the data lies; kept at the end. A private temporary directory, removed at the end, when left out. */
  dataDirectory?: string | undefined;
  /** The port of 127.0.0.1; a free one when left out. */
  port?: number | undefined;
}

/** A running MongoDB of this process. */
export interface MongoService {
  /** `mongodb://127.0.0.1:<port>/power-mta-hub?directConnection=true`; the same after a restart. */
  readonly uri: string;
  readonly port: number;
  /** Which program it is: one that the system has, the embedded engine, or one that the library downloaded. */
  readonly kind: MongodBinary['kind'];
  /** The server's process; undefined while it is down. */
  readonly pid: number | undefined;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Starts it on the same data and port, after stopping it where it runs. */
  restart(): Promise<void>;
  /** Stops it and removes what was temporary. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a MongoDB on 127.0.0.1. It ends with this process, however this process ends.
 * @throws Error when there is no way to get one, or it does not come up within a minute
 */
export async function startMongo(options: MongoOptions = {}): Promise<MongoService> {
  const binary = await findMongod(options);
  if (binary.kind === 'download') options.progress?.('Downloading MongoDB (once, about 100 MB)');
  const directory = await mkdtemp(join(tmpdir(), 'pmh-mongo-'));
  const guard = startGuard(directory);
  const dataDirectory = options.dataDirectory ?? join(directory, 'data');
  const server = new MongoMemoryServer({
    binary: {
      ...(binary.path && { systemBinary: binary.path }),
      ...(binary.version && { version: binary.version }),
    },
    instance: {
      dbPath: dataDirectory,
      storageEngine: 'wiredTiger',
      ip: '127.0.0.1',
      launchTimeout: LAUNCH_TIMEOUT_MS,
      args: ['--unixSocketPrefix', directory],
      ...(options.port !== undefined && { port: options.port, portGeneration: false }),
    },
    // A session of its own: Ctrl-C in a terminal reaches the owner, which stops its database last.
    spawn: { detached: true },
  });

  const child = () => server.instanceInfo?.instance.mongodProcess;
  const start = async (isSamePort: boolean) => {
    await mkdir(dataDirectory, { recursive: true });
    await server.start(isSamePort);
    guard.watch(child()?.pid);
  };
  const stop = async () => {
    await server.stop({ doCleanup: false });
    guard.watch(undefined);
  };

  try {
    await retryTakenPort(() => start(options.port !== undefined));
    options.signal?.throwIfAborted();
  } catch (error) {
    await stop();
    await guard.close();
    options.signal?.throwIfAborted();
    throw binary.kind === 'download' ? new Error(WAYS_TO_GET_ONE, { cause: error }) : error;
  }
  const port = server.instanceInfo?.port ?? 0;
  let closing: Promise<void> | undefined;
  return {
    uri: `mongodb://127.0.0.1:${port}/${DATABASE}?directConnection=true`,
    port,
    kind: binary.kind,
    get pid() {
      return child()?.pid;
    },
    async kill() {
      child()?.kill('SIGKILL');
      await stop();
    },
    async restart() {
      await stop();
      await start(true);
    },
    close() {
      closing ??= stop().then(() => guard.close());
      return closing;
    },
  };
}
