import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type FetchHooks, prepare } from '../cache.js';
import { multiarch } from '../debian/multiarch.js';
import { fetchPackages } from '../debian/packages.js';
import { findDebianRelease } from '../debian/release.js';
import { findOnPath } from '../run.js';

const PACKAGES = [
  'redis-server',
  'redis-tools',
  'libjemalloc2',
  'liblzf1',
  'libatomic1',
  'liblua5.1-0',
  'lua-bitop',
  'lua-cjson',
];

const WAYS_TO_GET_ONE = `There is no Redis here. Any one of these gives one:
  - install it with the system's package manager, e.g. "apt install redis-server" or "brew install redis"
  - start it in a container: "docker compose up -d"
  - point REDIS_URL at one that runs somewhere, e.g. REDIS_URL=redis://127.0.0.1:6379`;

/** A `redis-server` and the environment it needs. */
export interface RedisBinary {
  path: string;
  env: Record<string, string>;
}

/**
 * `redis-server` on PATH, else a private copy of Debian's packages in the cache folder.
 * @throws Error that names the three ways to get a Redis
 */
export async function findRedisServer(hooks: FetchHooks): Promise<RedisBinary> {
  const installed = await findOnPath('redis-server');
  if (installed) return { path: installed, env: {} };
  const root = await privateCopy(hooks).catch((cause: unknown) => {
    hooks.signal?.throwIfAborted();
    throw new Error(WAYS_TO_GET_ONE, { cause });
  });
  const libraries = join(root, 'usr/lib', multiarch().triplet);
  return { path: join(root, 'usr/bin/redis-server'), env: { LD_LIBRARY_PATH: libraries } };
}

async function privateCopy({ progress, signal }: FetchHooks): Promise<string> {
  const release = await findDebianRelease();
  if (!release) throw new Error('This machine is no Debian whose packages could be used');
  return prepare({ kind: 'redis', platform: `${release.codename}-${process.arch}` }, async ({ tree: root, work }) => {
    progress?.('Fetching Redis from the Debian mirror (once, about 2 MB)');
    const versions = await fetchPackages(PACKAGES, { root, work, release, signal });
    await stat(join(root, 'usr/bin/redis-server'));
    return versions.get('redis-server') ?? 'unknown';
  });
}
