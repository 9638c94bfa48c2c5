import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

const PARTIAL = '.partial-';
const STALE_PARTIAL_MS = 60 * 60 * 1000;

/** What a fetched tree is called: `<kind>-<version>-<platform>`. */
export interface CacheKey {
  /** What it is, e.g. `redis`. */
  kind: string;
  /** What it runs on, e.g. `bookworm-amd64`; a tree is only ever looked for on the platform that it was fetched for. */
  platform: string;
}

/** Options of whatever may have to fetch something first. */
export interface FetchHooks {
  /** Told in a sentence what takes long. */
  progress?: ((message: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** Where a tree is built; both folders are empty. */
export interface BuildSite {
  /** Becomes the tree. */
  tree: string;
  /** Thrown away. */
  work: string;
}

/** The folder of everything fetched once: `${PMH_CACHE_DIR ?? XDG_CACHE_HOME ?? ~/.cache}/power-mta-hub`. */
export function cacheFolder(): string {
  const base = process.env.PMH_CACHE_DIR || process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(base, 'power-mta-hub');
}

/**
 * Creates the cache folder where it is missing.
 * @throws Error when it cannot be written to, naming PMH_CACHE_DIR as the way out
 */
export async function ensureCacheFolder(): Promise<string> {
  const folder = cacheFolder();
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw new Error(`Cannot write to the cache folder ${folder}: set PMH_CACHE_DIR to one that can be written`, {
      cause,
    });
  });
  return folder;
}

/**
 * The tree of this key, built when there is none. `build` fills a folder and answers the version of what it put there.
 * A tree appears under its name by one rename, complete or not at all, so any number of processes may prepare
 * the same one at once: the first to finish wins, the others take its tree.
 */
export async function prepare(key: CacheKey, build: (site: BuildSite) => Promise<string>): Promise<string> {
  const cache = await ensureCacheFolder();
  const ready = await findTree(cache, key);
  if (ready) return ready;
  await removeStalePartials(cache);
  const partial = await mkdtemp(join(cache, PARTIAL));
  try {
    const site: BuildSite = { tree: join(partial, 'tree'), work: join(partial, 'work') };
    await mkdir(site.tree);
    await mkdir(site.work);
    const version = await build(site);
    const tree = join(cache, `${key.kind}-${version.replaceAll(/[^\w.+~-]/g, '_')}-${key.platform}`);
    await rename(site.tree, tree).catch(async (error: unknown) => {
      // ENOTEMPTY: another process was faster.
      if (!(await stat(tree).catch(() => undefined))) throw error;
    });
    return tree;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function findTree(cache: string, { kind, platform }: CacheKey): Promise<string | undefined> {
  const names = (await readdir(cache)).filter((name) => name.startsWith(`${kind}-`) && name.endsWith(`-${platform}`));
  const newest = names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
  return newest && join(cache, newest);
}

/** What a killed process left half done; a young one may belong to a process that is still at it. */
async function removeStalePartials(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    if (!name.startsWith(PARTIAL)) continue;
    const found = await stat(join(cache, name)).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > STALE_PARTIAL_MS) {
      await rm(join(cache, name), { recursive: true, force: true });
    }
  }
}
