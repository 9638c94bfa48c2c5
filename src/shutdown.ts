import { logger } from './logger.js';

const GRACE_MS = 9_000;

/** One thing to end, in the order given: what takes work first, what holds the truth last. */
export type ShutdownStep = readonly [name: string, end: () => Promise<unknown>];

/**
 * Ends the process in order on SIGINT and SIGTERM, within ten seconds even when a step hangs. The second signal ends it
 * at once. A step that fails is logged and does not keep the others from running.
 */
export function shutDownOnSignal(steps: readonly ShutdownStep[]): void {
  let isEnding = false;
  const end = async (signal: NodeJS.Signals) => {
    if (isEnding) process.exit(1);
    isEnding = true;
    logger().info({ signal }, 'shutting down');
    const timer = setTimeout(() => {
      logger().error({ graceMs: GRACE_MS }, 'did not end in time');
      process.exit(1);
    }, GRACE_MS);
    for (const [step, finish] of steps) {
      await finish().catch((err: unknown) => logger().error({ err, step }, 'a shutdown step failed'));
    }
    clearTimeout(timer);
    logger().info('ended');
    process.exit(0);
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
}
