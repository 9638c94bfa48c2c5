import type { Kill } from './scene.js';

/**
 * The most rows that a killed worker's end left behind. A row counts for the first kill at which it was held; of workers
 * that were killed at one moment nobody can tell whose it was, and each counts with its share.
 * @param left the rows that are still claimed once nobody lives who could hold them.
 */
export function largestWindow(left: ReadonlySet<string>, kills: readonly Kill[]): number {
  const rest = new Set(left);
  const windows = kills.map(({ workers, held }) => {
    const theirs = [...held].filter((id) => rest.delete(id));
    return Math.ceil(theirs.length / workers);
  });
  return Math.max(0, ...windows);
}
