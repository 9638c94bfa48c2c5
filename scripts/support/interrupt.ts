import { onOwnerGone } from '../owner.js';

/** npm passes the terminal's Ctrl-C on a second time: only after this, in ms, is another one meant. */
const SECOND_MS = 1_000;

/** Why everything ends: somebody pressed Ctrl-C, or nobody is there any more. */
export class Interrupted extends Error {}

/**
 * Aborts on SIGINT, SIGTERM and SIGHUP, when the process that started this one is gone, and when nobody reads what is
 * written (`| head -3`). A second signal ends the process at once; its guards then clear up.
 */
export function onInterrupt(stopping: AbortController): void {
  let interruptedAt = 0;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (interruptedAt > 0 && performance.now() - interruptedAt > SECOND_MS) process.exit(130);
      interruptedAt ||= performance.now();
      stopping.abort(new Interrupted(name));
    });
  }
  onOwnerGone(() => stopping.abort(new Interrupted('The process that started this one is gone')));
  // Every further line fails likewise, so the handlers stay: without one an 'error' ends the process on the spot.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) =>
      stopping.abort(error.code === 'EPIPE' ? new Interrupted('Nobody reads on') : error),
    );
  }
}
