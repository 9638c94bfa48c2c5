import { mkdtempSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { type Guard, startGuard } from '../../src/embedded/guard.js';

/** A file system in memory, as Linux has one. */
const MEMORY = '/dev/shm';

/** What a whole run may write, in bytes, several times over. Containers have 64 MB there by default. */
const NEEDED = 2 * 1024 ** 3;

/** A directory in memory that is gone when this process is, however that ends. */
export interface MemoryDirectory {
  directory: string;
  guard: Guard;
}

/**
 * For a database that need not outlive the run. Each test file makes a database of seventy indexes, and on a disk waits half a
 * second more for their files. @returns undefined where the machine has too little memory to give, or is no Linux.
 */
export function memoryDirectory(): MemoryDirectory | undefined {
  if (freeIn(MEMORY) < NEEDED) return undefined;
  const directory = mkdtempSync(join(MEMORY, 'pmh-test-'));
  return { directory, guard: startGuard(directory) };
}

function freeIn(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return 0;
  }
}
