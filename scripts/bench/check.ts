/** What the drain bench says of the hub and is checked. */
export interface Checked {
  recipients: number;
  /** The live heap in the last quarter of the list over that in the second. */
  heapRatio: number;
  /** CPU a message at the end of the list over that at its beginning. */
  cpuDrift: number;
  redisMaxMb: number;
  /** How many of the message's links are tracked. */
  trackedLinks: number;
  /** CPU a message of the bare loop over that of the hub. */
  cpuRatio: number;
}

const MAX_HEAP_RATIO = 1.15;
const MAX_CPU_DRIFT = 1.15;
const MAX_REDIS_MB = 50;
const MIN_TRACKED_CPU_RATIO = 0.65;
/** The two ends of a shorter list are too short to tell a drift from noise. */
const DRIFT_FROM = 1_000_000;

/** What does not hold of a drain: its cost must not grow with the list, nor much by tracking. In sentences for a person. */
export function problemsOf(checked: Checked): string[] {
  const { recipients, heapRatio, cpuDrift, redisMaxMb, trackedLinks, cpuRatio } = checked;
  const problems: string[] = [];
  if (!(heapRatio <= MAX_HEAP_RATIO))
    problems.push(
      `The worker keeps ${heapRatio} times as much memory in the last quarter of the list as in the second; at most ${MAX_HEAP_RATIO} is allowed.`,
    );
  if (!(redisMaxMb < MAX_REDIS_MB))
    problems.push(`Redis held ${redisMaxMb} MB; it must stay below ${MAX_REDIS_MB}, however long the list.`);
  if (recipients >= DRIFT_FROM && !(cpuDrift <= MAX_CPU_DRIFT))
    problems.push(
      `A message costs ${cpuDrift} times as much CPU at the end of the list as at its beginning; at most ${MAX_CPU_DRIFT} is allowed.`,
    );
  if (trackedLinks > 0 && !(cpuRatio >= MIN_TRACKED_CPU_RATIO))
    problems.push(
      `With tracked links the bare loop takes ${cpuRatio} of the hub's CPU a message; at least ${MIN_TRACKED_CPU_RATIO} is required.`,
    );
  return problems;
}
