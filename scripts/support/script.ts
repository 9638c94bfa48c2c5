import { Interrupted, onInterrupt } from './interrupt.js';

/**
 * Runs a script to its end: exits with 0 when all is right, 1 when it is not or something failed, 130 after Ctrl-C. The
 * work must clear up after itself when the signal is aborted.
 * @param work returns whether all is right.
 */
export async function runScript(work: (signal: AbortSignal) => Promise<boolean>): Promise<void> {
  const stopping = new AbortController();
  const { signal } = stopping;
  onInterrupt(stopping);
  try {
    process.exitCode = (await work(signal)) ? 0 : 1;
  } catch (error) {
    const reason = signal.aborted ? signal.reason : error;
    process.exitCode = reason instanceof Interrupted ? 130 : 1;
    if (reason instanceof Interrupted) process.stderr.write(`ended: ${reason.message}\n`);
    else process.stderr.write(`${reason instanceof Error ? reason.stack : reason}\n`);
  }
}
