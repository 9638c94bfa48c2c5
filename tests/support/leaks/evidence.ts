import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';

const noted = new Set<string>();

/** The file that the hub's log of this process goes to. */
export const logFile = () => join(inject('evidence'), `${process.pid}.log`);

/** Keeps what a process of the hub wrote. */
export function noteOutput(text: string): void {
  appendFileSync(logFile(), text);
}

/** Remembers secrets that a test uses: none of them may stand in a log at the end of the run. */
export function noteSecrets(...secrets: (string | undefined)[]): void {
  const fresh = secrets.filter((secret): secret is string => secret !== undefined && isTelling(secret));
  const lines = fresh.filter((secret) => !noted.has(secret)).map((secret) => `${JSON.stringify(secret)}\n`);
  for (const secret of fresh) noted.add(secret);
  if (lines.length > 0) appendFileSync(join(inject('evidence'), `${process.pid}.secrets`), lines.join(''));
}

/** A word that a log may have by itself proves nothing. */
function isTelling(secret: string): boolean {
  return secret.length >= 8 && !/^[a-z -]+$/i.test(secret);
}
