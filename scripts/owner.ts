const CHECK_MS = 250;
const owner = process.ppid;

/**
 * Calls `end` once the process that started this one is gone: it can be killed without a word to its children. npm is that
 * process only where its script begins with `exec`; else a shell stands between, which outlives it.
 */
export function onOwnerGone(end: () => void): void {
  const check = setInterval(() => {
    if (process.ppid === owner) return;
    clearInterval(check);
    end();
  }, CHECK_MS).unref();
}
