/** What the drain bench says of the hub and is checked. */
export interface Checked {
  recipients: number;
  /** The live heap in the last quarter of the list over that in the second. */
  heapRatio: number;
  /** CPU a message at the end of the list over that at its beginning. */
  cpuDrift: number;
  redisMaxMb: number;
}

const MAX_HEAP_RATIO = 1.15;
const MAX_CPU_DRIFT = 1.15;
const MAX_REDIS_MB = 50;
/** The two ends of a shorter list are too short to tell a drift from noise. */
const DRIFT_FROM = 1_000_000;

/** What does not hold of a drain whose cost should not grow with the list, in sentences for a person. */
export function problemsOf({ recipients, heapRatio, cpuDrift, redisMaxMb }: Checked): string[] {
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
  return problems;
}
