import { execFileSync } from 'node:child_process';

interface ProcessRow {
  pid: number;
  parent: number;
  isRunning: boolean;
}

/** The ids of every process below this one, at any depth. */
export function descendants(pid: number): number[] {
  const rows = processTable();
  const found = [pid];
  for (const ancestor of found) {
    found.push(...rows.filter(({ parent }) => parent === ancestor).map((row) => row.pid));
  }
  return found.slice(1);
}

/** Those that still run; one that is dead and not yet collected does not count. */
export function running(pids: readonly number[]): number[] {
  return processTable()
    .filter(({ pid, isRunning }) => isRunning && pids.includes(pid))
    .map(({ pid }) => pid);
}

function processTable(): ProcessRow[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' });
  return table
    .trim()
    .split('\n')
    .map((line) => {
      const [pid, parent, state = ''] = line.trim().split(/\s+/);
      return { pid: Number(pid), parent: Number(parent), isRunning: !state.startsWith('Z') };
    });
}
