import { randomUUID } from 'node:crypto';
import { logger } from '../../logger.js';
import { hold, release } from './leases.js';
import { sweep } from './sweep.js';

const EVERY_MS = 5_000;
/** Longer than a round and its pause: a dead sweeper's work waits no longer than this. */
const LEASE_MS = 12_000;
const LEASE = 'sweeper';

/**
 * Sweeps every five seconds, in one worker at a time. A timer under a lease in MongoDB, because a scheduled job would be
 * gone with an emptied Redis.
 */
export function startSweeper(): { close(): Promise<void> } {
  const holder = randomUUID();
  let round: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const run = async () => {
    try {
      if (await hold(LEASE, holder, LEASE_MS)) await sweep();
    } catch (err) {
      logger().error({ err }, 'a sweep failed; the next one tries again');
    }
    if (!isClosed) timer = setTimeout(start, EVERY_MS);
  };
  const start = () => {
    round = run();
  };
  start();

  return {
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await round;
      await release(LEASE, holder);
    },
  };
}
