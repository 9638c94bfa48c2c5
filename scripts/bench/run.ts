import type { ProcessStats } from './process-stats.js';

/** What sending a list took one process. */
export interface Run {
  perSecond: number;
  /** CPU of the process a message, in µs. */
  cpuUs: number;
  rssMaxMb: number;
}

/** @param cpuBeforeUs what the process had used before its first message. */
export function toRun(count: number, ms: number, cpuBeforeUs: number, after: ProcessStats): Run {
  return { perSecond: (count / ms) * 1_000, cpuUs: (after.cpuUs - cpuBeforeUs) / count, rssMaxMb: after.rssMaxMb };
}
