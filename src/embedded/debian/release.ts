import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

const APT_FOLDER = '/etc/apt';

/** A Debian machine as apt sees it. */
export interface DebianRelease {
  /** Codename, e.g. `bookworm`; also the name of the suite. */
  codename: string;
  /** The machine's own source of that suite, one stanza (`.sources`) or one line (`.list`). */
  source: AptSource;
}

/** One entry of the machine's apt sources. */
export interface AptSource {
  text: string;
  /** apt tells the two syntaxes apart by the extension of the file. */
  extension: '.sources' | '.list';
}

/** What Debian this machine runs, or undefined where it is another system or has no source of its own release. */
export async function findDebianRelease(): Promise<DebianRelease | undefined> {
  const osRelease = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const field = (name: string) => new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(osRelease)?.[1];
  const codename = field('VERSION_CODENAME');
  if (field('ID') !== 'debian' || !codename) return undefined;
  const source = (await readSources()).find((candidate) => isSourceOf(candidate, codename));
  return source && { codename, source };
}

/** The same source with another suite in place of the machine's. The mirror and its signing keys stay the machine's own. */
export function withSuite(source: AptSource, codename: string, suite: string): AptSource {
  if (source.extension === '.sources') {
    return { ...source, text: source.text.replace(/^Suites:.*$/im, `Suites: ${suite}`) };
  }
  return { ...source, text: source.text.replace(new RegExp(`\\s${codename}\\s`), ` ${suite} `) };
}

async function readSources(): Promise<AptSource[]> {
  const parts = await readdir(join(APT_FOLDER, 'sources.list.d')).catch(() => []);
  const files = ['sources.list', ...parts.sort().map((name) => join('sources.list.d', name))];
  const sources: AptSource[] = [];
  for (const file of files) {
    const extension = extname(file);
    if (extension !== '.sources' && extension !== '.list') continue;
    const text = await readFile(join(APT_FOLDER, file), 'utf8').catch(() => '');
    const entries = extension === '.sources' ? text.split(/\n\s*\n/) : text.split('\n');
    sources.push(...entries.map((entry) => ({ text: `${entry.trim()}\n`, extension }) satisfies AptSource));
  }
  return sources;
}

/** Binary packages of exactly this suite: not `-updates`, `-security` or `-backports`, and not switched off. */
export function isSourceOf({ text, extension }: AptSource, codename: string): boolean {
  if (extension === '.list') return new RegExp(`^deb\\s+(\\[[^\\]]*\\]\\s+)?\\S+\\s+${codename}\\s`).test(text);
  const field = (name: string) => new RegExp(`^${name}:(.*)$`, 'im').exec(text)?.[1]?.trim().split(/\s+/) ?? [];
  return field('Types').includes('deb') && field('Suites').includes(codename) && !field('Enabled').includes('no');
}
