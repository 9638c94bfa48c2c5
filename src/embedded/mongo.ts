import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoMemoryServer } from 'mongodb-memory-server';
import { startGuard } from './guard.js';
import { findMongod, type MongodBinary } from './mongo/binary.js';
import type { FetchHooks } from './mongo/libc.js';

/** The database in every URI that is handed out. */
export const DATABASE = 'power-mta-hub';
const LAUNCH_TIMEOUT_MS = 60_000;

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
  await mkdir(dataDirectory, { recursive: true });
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
    await server.start(isSamePort);
    guard.watch(child()?.pid);
  };
  const stop = async () => {
    await server.stop({ doCleanup: false });
    guard.watch(undefined);
  };

  try {
    await start(options.port !== undefined);
    options.signal?.throwIfAborted();
  } catch (error) {
    await stop();
    await guard.close();
    throw error;
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
