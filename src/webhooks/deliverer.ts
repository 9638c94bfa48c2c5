import { setTimeout as sleep } from 'node:timers/promises';
import { logger } from '../logger.js';
import { createCaller } from './call.js';
import { endpointsWithWork, RENEW_EVERY_MS, renew } from './claim.js';
import { Lanes } from './lanes.js';
import { Line, type Shared } from './line.js';
import { Recorder } from './record.js';

/** Between one look for what is due and the next, in ms. */
const LOOK_MS = 150;

/** Calls under way get so long when the worker ends, in ms; then they are given up, and come again. */
const ENDING_MS = 2_000;

/**
 * Posts what is due, in every worker process. MongoDB is the queue: a worker claims what it posts, and what a killed one had is
 * tried again when its claim ends. Endpoints do not wait for each other: each has a line of its own, and what is due is looked
 * for endpoint by endpoint.
 */
export function startDeliverer(): { close(): Promise<void> } {
  const stopping = new AbortController();
  const ending = new AbortController();
  const lines = new Map<string, Line>();
  let isReported = false;
  const shared: Shared = {
    caller: createCaller(),
    lanes: new Lanes(),
    recorder: new Recorder(),
    signal: ending.signal,
    report(err) {
      // One line an outage, not one a look.
      if (!isReported) logger().error({ err }, 'webhooks cannot be delivered right now');
      isReported = true;
    },
  };

  const look = async () => {
    const found = new Map((await endpointsWithWork()).map((endpoint) => [String(endpoint._id), endpoint]));
    if (stopping.signal.aborted) return;
    for (const [id, line] of lines) {
      // Switched off, deleted, or nothing waits.
      if (!found.has(id)) line.stop();
      if (!found.has(id) && line.isIdle) lines.delete(id);
    }
    shared.lanes.keep(new Set(found.keys()));
    for (const [id, endpoint] of shuffled([...found])) {
      const line = lines.get(id) ?? new Line(endpoint, shared);
      lines.set(id, line);
      line.see(endpoint);
    }
    isReported = false;
  };
  const renewing = async () => {
    while (!ending.signal.aborted) {
      await sleep(RENEW_EVERY_MS, undefined, { signal: ending.signal }).catch(() => undefined);
      await renew([...lines.values()].flatMap((line) => line.held())).catch(shared.report);
    }
  };
  const looking = async () => {
    while (!stopping.signal.aborted) {
      await look().catch(shared.report);
      await sleep(LOOK_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const loops = [looking(), renewing()];

  return {
    async close() {
      stopping.abort();
      for (const line of lines.values()) line.stop();
      const quiet = Promise.all([...lines.values()].map((line) => line.ended()));
      const waited = new AbortController();
      await Promise.race([quiet, sleep(ENDING_MS, undefined, waited).catch(() => undefined)]);
      waited.abort();
      ending.abort();
      await Promise.all([quiet, ...loops]);
      await shared.recorder.written();
      shared.caller.close();
    },
  };
}

/** Whoever comes last must not be the same each time: all share what may be under way at once. */
function shuffled<T>(all: readonly T[]): T[] {
  return all
    .map((one) => ({ one, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ one }) => one);
}
