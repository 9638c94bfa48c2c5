import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../run.js';
import { type DebianRelease, withSuite } from './release.js';

/** What {@link fetchPackages} needs to know. */
export interface FetchOptions {
  /** Where the packages are unpacked. */
  root: string;
  /** An empty folder for everything on the way there. */
  work: string;
  release: DebianRelease;
  /** The suite to take the packages from; the machine's own when left out. */
  suite?: string;
  signal?: AbortSignal | undefined;
}

/**
 * Downloads Debian packages and unpacks them: without installing them, without root, and without touching what the
 * system's apt knows. apt checks the signatures as ever.
 * @returns the version of each package by its name
 * @throws Error when apt-get or dpkg fails
 */
export async function fetchPackages(packages: string[], options: FetchOptions): Promise<Map<string, string>> {
  const { root, work, release, suite = release.codename, signal } = options;
  const download = join(work, 'download');
  await mkdir(download);
  const isFetched = suite === release.codename && (await tryMachineLists(packages, download, signal));
  if (!isFetched) {
    const config = await writePrivateConfig(work, release, suite);
    await run('apt-get', ['-c', config, 'update'], { signal });
    await run('apt-get', ['-c', config, 'download', ...packages], { cwd: download, signal });
  }
  return unpack(download, root, signal);
}

/** The machine's own package lists spare a download of 10 MB; they may be empty, or older than what the mirror has. */
async function tryMachineLists(packages: string[], cwd: string, signal: AbortSignal | undefined): Promise<boolean> {
  return run('apt-get', ['download', ...packages], { cwd, signal }).then(
    () => true,
    () => {
      signal?.throwIfAborted();
      return false;
    },
  );
}

/**
 * An apt that keeps its state, lists and cache below `work` and knows one source. The hooks of the machine's own
 * configuration are cleared: some delete downloaded packages, and none is meant for this.
 */
async function writePrivateConfig(work: string, { codename, source }: DebianRelease, suite: string): Promise<string> {
  const { text, extension } = withSuite(source, codename, suite);
  const paths = { state: join(work, 'state'), cache: join(work, 'cache'), status: join(work, 'status') };
  const sourceList = join(work, `source${extension}`);
  const config = join(work, 'apt.conf');
  await mkdir(join(paths.state, 'lists', 'partial'), { recursive: true });
  await mkdir(join(paths.cache, 'archives', 'partial'), { recursive: true });
  await writeFile(paths.status, '');
  await writeFile(sourceList, text);
  await writeFile(
    config,
    `#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Sandbox::User "root";
Debug::NoLocking "1";
Dir::Etc::sourcelist "${sourceList}";
Dir::Etc::sourceparts "-";
Dir::State "${paths.state}";
Dir::State::lists "${join(paths.state, 'lists')}";
Dir::State::status "${paths.status}";
Dir::Cache "${paths.cache}";
Dir::Cache::archives "${join(paths.cache, 'archives')}";
`,
  );
  return config;
}

async function unpack(download: string, root: string, signal: AbortSignal | undefined): Promise<Map<string, string>> {
  const versions = new Map<string, string>();
  for (const file of (await readdir(download)).filter((name) => name.endsWith('.deb'))) {
    await run('dpkg', ['-x', join(download, file), root], { signal });
    const [name = file, version = ''] = decodeURIComponent(file).split('_');
    versions.set(name, version);
  }
  return versions;
}
