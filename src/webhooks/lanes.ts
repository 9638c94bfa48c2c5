/** Calls under way at once in a process, and how many of them may be of endpoints that are slow or failing. */
const AT_ONCE = 256;
const SLOW_AT_ONCE = 64;

/** Of one endpoint: to begin with, and when it answers well. */
const FIRST = 4;
const MOST = 16;

/** Slow is what takes longer, in ms. */
const SLOW_MS = 2_000;

/** So many calls that hang take no room of an endpoint's others. */
const HANGING = 3;

/** How a call ended. */
export interface Ended {
  isSuccess: boolean;
  /** It was answered, if with a failure. */
  isAnswered: boolean;
  durationMs: number;
}

interface Lane {
  /** Calls at once. */
  limit: number;
  /** Of the last call: slow, or without an answer. */
  isSlow: boolean;
  /** When those under way began, on the monotonic clock. */
  running: Set<{ since: number }>;
}

/**
 * How many calls each endpoint may have under way. Who answers well gets more, who fails less, and who is slow or dead one at a
 * time; and all of the slow together have a part of the whole, so that the others always have theirs.
 */
export class Lanes {
  private readonly lanes = new Map<string, Lane>();

  /** How many more calls of this endpoint may begin now. */
  free(endpoint: string, now = performance.now()): number {
    const { limit, isSlow, running } = this.laneOf(endpoint);
    const hanging = hangingOf(running, now);
    const own = limit - (running.size - Math.min(hanging, HANGING));
    const { all, slow } = this.underWay(now);
    const shared = isSlow || hanging > 0 ? Math.min(SLOW_AT_ONCE - slow, AT_ONCE - all) : AT_ONCE - all;
    return Math.max(0, Math.min(own, shared));
  }

  /** Whether its last call was slow or without an answer, or one hangs right now. */
  isSlow(endpoint: string, now = performance.now()): boolean {
    const { isSlow, running } = this.laneOf(endpoint);
    return isSlow || hangingOf(running, now) > 0;
  }

  /** @returns what is called when the call has ended; without how, where it was given up. */
  begin(endpoint: string): (ended?: Ended) => void {
    const lane = this.laneOf(endpoint);
    const call = { since: performance.now() };
    lane.running.add(call);
    return (ended) => {
      lane.running.delete(call);
      if (ended) adapt(lane, ended);
      // Like one that was never called.
      if (lane.running.size === 0 && lane.limit === FIRST && !lane.isSlow) this.lanes.delete(endpoint);
    };
  }

  /** Forgets all endpoints but these; those with calls under way stay. */
  keep(endpoints: ReadonlySet<string>): void {
    for (const [endpoint, { running }] of this.lanes) {
      if (running.size === 0 && !endpoints.has(endpoint)) this.lanes.delete(endpoint);
    }
  }

  private laneOf(endpoint: string): Lane {
    const lane = this.lanes.get(endpoint) ?? { limit: FIRST, isSlow: false, running: new Set() };
    this.lanes.set(endpoint, lane);
    return lane;
  }

  private underWay(now: number): { all: number; slow: number } {
    let all = 0;
    let slow = 0;
    for (const { isSlow, running } of this.lanes.values()) {
      all += running.size;
      slow += isSlow ? running.size : hangingOf(running, now);
    }
    return { all, slow };
  }
}

const hangingOf = (running: Lane['running'], now: number) =>
  [...running].filter(({ since }) => now - since > SLOW_MS).length;

function adapt(lane: Lane, { isSuccess, isAnswered, durationMs }: Ended): void {
  lane.isSlow = durationMs > SLOW_MS || !isAnswered;
  if (lane.isSlow) lane.limit = 1;
  else if (isSuccess) lane.limit = Math.min(MOST, lane.limit + 1);
  else lane.limit = Math.max(1, Math.floor(lane.limit / 2));
}
