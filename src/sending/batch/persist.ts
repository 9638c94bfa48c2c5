import { setTimeout as sleep } from 'node:timers/promises';
import { logger } from '../../logger.js';

const RETRY_MS = 500;

/**
 * Writes what must not be lost while this process lives: tries again until MongoDB takes it. `write` must be safe to
 * repeat. Resolves when it is written; never throws.
 * @param what names it in the log, once an outage.
 */
export async function persist(what: string, write: () => Promise<unknown>): Promise<void> {
  for (let isReported = false; ; isReported = true) {
    try {
      await write();
      if (isReported) logger().info({ what }, 'written after all');
      return;
    } catch (err) {
      if (!isReported) logger().error({ err, what }, 'kept in memory until MongoDB takes it');
      await sleep(RETRY_MS);
    }
  }
}
