import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '../../../src/config.js';

/** A secret that stands in a log. */
export interface Leak {
  /** Its beginning, to know it by. */
  secret: string;
  /** Where it stands, without it. */
  line: string;
}

/** A secret with a word of so many characters is looked up by it; shorter ones are searched for. */
const LONG = 16;
const WORDS = /[\w-]{16,}/g;

/** Every secret of `secrets` that stands in the log, once. */
export function leaksIn(log: string, secrets: Iterable<string>): Leak[] {
  const byWord = new Map<string, string>();
  const short = new Set<string>();
  for (const secret of secrets) {
    const [longest = ''] = (secret.match(WORDS) ?? []).sort((a, b) => b.length - a.length);
    if (longest.length >= LONG) byWord.set(longest, secret);
    else short.add(secret);
  }
  const found = new Map<string, number>();
  for (const { 0: word, index } of log.matchAll(WORDS)) {
    const secret = byWord.get(word);
    if (secret !== undefined && !found.has(secret)) found.set(secret, index);
  }
  for (const secret of short) {
    const index = log.indexOf(secret);
    if (index >= 0) found.set(secret, index);
  }
  return [...found].map(([secret, index]) => {
    const line = log.slice(log.lastIndexOf('\n', index) + 1, (log.indexOf('\n', index) + 1 || log.length + 1) - 1);
    return { secret: `${secret.slice(0, 6)}…`, line: line.replaceAll(secret, '***').slice(0, 500) };
  });
}

/** Everything that the hub logged in this run, at every level, held against every secret that a test used. */
export function leaksOfRun(directory: string): Leak[] {
  const read = (ending: string) =>
    readdirSync(directory)
      .filter((name) => name.endsWith(ending))
      .map((name) => readFileSync(join(directory, name), 'utf8'));
  const noted = read('.secrets').flatMap((text) => text.split('\n').filter(Boolean));
  const { jwtSecret, encryptionKeys, linkSecrets } = parseConfig({});
  const own = encryptionKeys.flatMap((key) => [key.toString('base64'), key.toString('hex')]);
  const secrets = new Set([...noted.map((line) => String(JSON.parse(line))), ...own, ...linkSecrets, jwtSecret]);
  return read('.log').flatMap((log) => leaksIn(log, secrets));
}
