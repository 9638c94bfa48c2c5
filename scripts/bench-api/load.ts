import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startChild } from '../bench/child.js';

/** What to ask, and how. */
export interface Load {
  url: string;
  headers: Record<string, string>;
  /** Each asks again as soon as it is answered. */
  connections: number;
  ms: number;
}

/** What came of it. */
export interface Answers {
  /** Answers of 200 a second. */
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Answers that were no 200, and requests without one. */
  failures: number;
}

/** Starts the process that asks. */
export const startLoader = (): Promise<ChildProcess> =>
  startChild([fileURLToPath(new URL('load.mjs', import.meta.url))]);

/** Has it ask. @throws Error when it ends before. */
export function load(loader: ChildProcess, job: Load): Promise<Answers> {
  const answers = new Promise<Answers>((resolve, reject) => {
    const ended = () => reject(new Error('The load generator ended before it answered'));
    loader.once('exit', ended);
    loader.once('message', (message) => {
      loader.off('exit', ended);
      resolve(message as Answers);
    });
  });
  loader.send(job);
  return answers;
}
