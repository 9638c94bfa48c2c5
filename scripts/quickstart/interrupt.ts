/** npm passes the terminal's Ctrl-C on a second time: only after this, in ms, is another one meant. */
const SECOND_MS = 1_000;

/** Why everything ends: somebody pressed Ctrl-C. */
export class Interrupted extends Error {}

/** Aborts on SIGINT, SIGTERM and SIGHUP. A second one ends the process at once; its guards then clear up. */
export function onInterrupt(stopping: AbortController): void {
  let interruptedAt = 0;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (interruptedAt > 0 && performance.now() - interruptedAt > SECOND_MS) process.exit(130);
      interruptedAt ||= performance.now();
      stopping.abort(new Interrupted(name));
    });
  }
}
