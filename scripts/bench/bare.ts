import { fileURLToPath } from 'node:url';
import { endChild, startChild, untilMessage } from './child.js';
import { FROM, SUBJECT, TEXT } from './message.js';
import { statsOf } from './process-stats.js';
import { type Run, toRun } from './run.js';

const CONCURRENCIES = [16, 32, 64];

/** How many calls at once serve the bare loop best, tried with `count` messages each. */
export async function bestConcurrency(endpoint: string, count: number, html: string): Promise<number> {
  const rates: number[] = [];
  for (const concurrency of CONCURRENCIES) rates.push((await bareLoop(endpoint, count, concurrency, html)).perSecond);
  return CONCURRENCIES[rates.indexOf(Math.max(...rates))] ?? 16;
}

/** nodemailer and `SESClient.send` in a loop, in a process of its own. */
export async function bareLoop(endpoint: string, count: number, concurrency: number, html: string): Promise<Run> {
  const child = await startChild([fileURLToPath(new URL('bare-loop.mjs', import.meta.url))]);
  const pid = child.pid ?? 0;
  const before = statsOf(pid);
  const startedAt = performance.now();
  child.send({ endpoint, recipients: count, concurrency, from: FROM, subject: SUBJECT, html, text: TEXT });
  await untilMessage(child, 'done');
  const run = toRun(count, performance.now() - startedAt, before.cpuUs, statsOf(pid));
  await endChild(child);
  return run;
}
