import { type EventLoopUtilization, performance } from 'node:perf_hooks';

/** From this share of its time on, the process has no more to give. */
const BUSY = 0.85;

/** The share is that of the last so many ms, at least. */
const SAMPLE_MS = 500;

/**
 * Who goes first in a worker process that has more to do than it can: turns of single messages, for which somebody waits.
 * While they are under way campaigns step back to one turn. A process with time to spare makes nobody wait.
 */
export class Precedence {
  private urgent = 0;
  private bulk = 0;
  private since: EventLoopUtilization = performance.eventLoopUtilization();
  private sampledAt = performance.now();
  private isBusy = false;

  /** A turn of single messages. */
  async first<T>(turn: () => Promise<T>): Promise<T> {
    this.urgent += 1;
    try {
      return await turn();
    } finally {
      this.urgent -= 1;
    }
  }

  /** A turn of bulk mail; undefined where it has to step back. */
  async second<T>(turn: () => Promise<T>): Promise<T | undefined> {
    if (this.urgent > 0 && this.bulk > 0 && this.hasNoTime()) return undefined;
    this.bulk += 1;
    try {
      return await turn();
    } finally {
      this.bulk -= 1;
    }
  }

  private hasNoTime(): boolean {
    if (performance.now() - this.sampledAt >= SAMPLE_MS) {
      const now = performance.eventLoopUtilization();
      this.isBusy = performance.eventLoopUtilization(now, this.since).utilization > BUSY;
      this.since = now;
      this.sampledAt = performance.now();
    }
    return this.isBusy;
  }
}
