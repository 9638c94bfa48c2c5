import { readFileSync } from 'node:fs';

/** Linux counts CPU time in ticks of 10 ms (USER_HZ, the same on every architecture Node runs on). */
const US_PER_TICK = 10_000;

/** What a process has used so far, read from /proc: so a bench runs on Linux. */
export interface ProcessStats {
  /** User and system CPU time of all its threads, in µs. */
  cpuUs: number;
  /** The most resident memory it ever had, in MB. */
  rssMaxMb: number;
}

/** @throws Error when there is no such process, or no /proc. */
export function statsOf(pid: number): ProcessStats {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may hold spaces; fields 14 and 15 of proc(5) are utime and stime.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const highWaterKb = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]);
  return { cpuUs: (Number(fields[11]) + Number(fields[12])) * US_PER_TICK, rssMaxMb: highWaterKb / 1_024 };
}

/** The middle one of an odd number of figures. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
