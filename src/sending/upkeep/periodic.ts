import { randomUUID } from 'node:crypto';
import { logger } from '../../logger.js';
import { hold, release } from './leases.js';

/** Work that one process at a time repeats. */
export interface Periodic {
  /** Names its lease. */
  name: string;
  everyMs: number;
  /** Longer than a usual round and its pause: when its holder dies, another takes over after this, in ms. */
  leaseMs: number;
  /** Safe to repeat, and to run twice at once: a round may outlast its lease. */
  round: () => Promise<void>;
  /** Resolves when what the rounds began has ended. */
  idle?: () => Promise<void>;
}

/**
 * Repeats a round of work until it is closed, in one process at a time. A timer under a lease in MongoDB, because a
 * scheduled job would be gone with an emptied Redis.
 */
export function startPeriodic({ name, everyMs, leaseMs, round, idle }: Periodic): { close(): Promise<void> } {
  const holder = randomUUID();
  let current: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  let isReported = false;

  const run = async () => {
    try {
      if (await hold(name, holder, leaseMs)) await round();
      isReported = false;
    } catch (err) {
      // One line an outage, not one a round.
      if (!isReported) logger().error({ err, name }, 'a round failed; the next one tries again');
      isReported = true;
    }
    if (!isClosed) timer = setTimeout(start, everyMs);
  };
  const start = () => {
    current = run();
  };
  start();

  return {
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await current;
      await idle?.();
      await release(name, holder);
    },
  };
}

/**
 * Takes every step in its order, whatever becomes of those before it: a step that one tenant's data makes fail must not
 * end the upkeep of all.
 * @throws AggregateError with what failed, when all were taken.
 */
export async function takeSteps(steps: Record<string, () => Promise<unknown>>): Promise<void> {
  const errors: unknown[] = [];
  for (const [name, step] of Object.entries(steps)) {
    await step().catch((error: unknown) => errors.push(new Error(`${name} failed`, { cause: error })));
  }
  if (errors.length > 0) throw new AggregateError(errors, 'Not every step of the round was taken');
}
