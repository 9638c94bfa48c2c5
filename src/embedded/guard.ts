import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Reads process ids from standard input until it ends, then kills the last one and removes the directory. Standard
 * input ends with the owner however the owner ends, so this holds for a kill -9 too. A dying process may still create
 * a file while `rm` is at work: hence the loop.
 */
const SCRIPT = `
trap '' INT TERM HUP
child=
while IFS= read -r line; do child=$line; done
if [ -n "$child" ]; then kill -9 "$child" 2>/dev/null; fi
tries=0
while [ -e "$1" ] && [ $tries -lt 100 ]; do
  rm -rf -- "$1" 2>/dev/null || sleep 0.1
  tries=$((tries + 1))
done
`;

/** A watchman over one service: a shell that outlives this process by just long enough to clear up after it. */
export interface Guard {
  /** Names the process to kill when this one is gone; undefined while there is none. */
  watch(pid: number | undefined): void;
  /** Kills what is still watched and removes the directory; resolves when both are done. Idempotent. */
  close(): Promise<void>;
}

/** Starts a guard that owns `directory`. It has a session of its own, so that a Ctrl-C in the terminal passes it by. */
export function startGuard(directory: string): Guard {
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'pmh-guard', directory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = once(shell, 'exit');
  shell.stdin.on('error', () => {});
  return {
    watch(pid) {
      shell.stdin.write(`${pid ?? ''}\n`);
    },
    async close() {
      shell.stdin.end();
      await ended;
    },
  };
}

/**
 * Makes an empty temporary directory `pmh-<name>-*` that has its guard from the start: nothing is awaited between the two,
 * so no error elsewhere can end this process there and leave the directory behind.
 */
export function makeGuardedDirectory(name: string): { directory: string; guard: Guard } {
  const directory = mkdtempSync(join(tmpdir(), `pmh-${name}-`));
  return { directory, guard: startGuard(directory) };
}
