import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FetchHooks } from './cache.js';
import { findFreePort, retryTakenPort } from './free-port.js';
import { startGuard } from './guard.js';
import { findRedisServer, type RedisBinary } from './redis/binary.js';

/** How to start Redis. */
export interface RedisOptions extends FetchHooks {
  /**
   * Writes every command to disk before it is answered, so that a killed Redis comes back with its data. Off by
   * default: then a restart is an emptied Redis.
   */
  appendOnly?: boolean;
  /** The port of 127.0.0.1; a free one when left out. */
  port?: number;
}

/** A running Redis of this process. */
export interface RedisService {
  /** `redis://127.0.0.1:<port>`; the same after a restart. */
  readonly url: string;
  readonly port: number;
  /** The server's process; undefined while it is down. */
  readonly pid: number | undefined;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Starts it on the same port and directory, after stopping it where it runs. */
  restart(): Promise<void>;
  /** Stops it and removes its directory. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a Redis on 127.0.0.1, with `noeviction` as BullMQ demands. It ends with this process, however this process ends.
 * @throws Error when there is no way to get one (naming the three there are), or it does not come up
 */
export async function startRedis(options: RedisOptions = {}): Promise<RedisService> {
  const binary = await findRedisServer(options);
  const directory = await mkdtemp(join(tmpdir(), 'pmh-redis-'));
  const guard = startGuard(directory);
  let server: ChildProcess | undefined;

  const start = async (port: number) => {
    server = await launch(binary, { port, directory, appendOnly: options.appendOnly ?? false });
    guard.watch(server.pid);
  };
  const stop = async (signal: NodeJS.Signals) => {
    const stopped = server;
    server = undefined;
    if (!stopped) return;
    if (stopped.kill(signal)) await once(stopped, 'exit');
    guard.watch(undefined);
  };

  let port = options.port ?? 0;
  try {
    await retryTakenPort(async () => {
      port = options.port ?? (await findFreePort());
      await start(port);
    });
    options.signal?.throwIfAborted();
  } catch (error) {
    await stop('SIGKILL');
    await guard.close();
    throw error;
  }
  let closing: Promise<void> | undefined;
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return server?.pid;
    },
    kill: () => stop('SIGKILL'),
    async restart() {
      await stop('SIGTERM');
      await start(port);
    },
    close() {
      closing ??= stop('SIGTERM').then(() => guard.close());
      return closing;
    },
  };
}

interface LaunchOptions {
  port: number;
  directory: string;
  appendOnly: boolean;
}

/** Resolves when the server takes connections; rejects with its log when it ends before that. */
async function launch(
  { path, env }: RedisBinary,
  { port, directory, appendOnly }: LaunchOptions,
): Promise<ChildProcess> {
  const settings = {
    bind: '127.0.0.1',
    port: String(port),
    dir: directory,
    daemonize: 'no',
    save: '',
    'maxmemory-policy': 'noeviction',
    appendonly: appendOnly ? 'yes' : 'no',
    appendfsync: 'always',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  // A session of its own: Ctrl-C in a terminal reaches the owner, which stops its Redis last.
  const server = spawn(path, args, {
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-4000);
      if (log.includes('Ready to accept connections')) resolve();
    };
    server.stdout.on('data', read);
    server.stderr.on('data', read);
    server.once('error', reject);
    server.once('close', (code) =>
      reject(new Error(`redis-server ended with code ${code} at its start: ${log.trim()}`)),
    );
  });
  server.stdout.removeAllListeners('data').resume();
  server.stderr.removeAllListeners('data').resume();
  return server;
}
