import { setTimeout as sleep } from 'node:timers/promises';
import { DelayedError, type Job, UnrecoverableError, Worker } from 'bullmq';
import { config } from '../config.js';
import { logger } from '../logger.js';
import { workerRedis } from '../redis.js';
import type { Sending } from '../sending/batch/run.js';
import { type TurnEnd, takeTurn } from '../sending/batch/turn.js';
import { startSweeper } from '../sending/upkeep/sweeper.js';
import { Gateways } from '../ses/gateway.js';
import { CAMPAIGN_QUEUE, JOBS, QUEUE_PREFIX } from './jobs.js';

/** A turn that failed (MongoDB or Redis is away) comes again after this, in ms. */
const AFTER_FAILURE_MS = 2_000;

/** Turns under way get so long to hear from SES and record it, in ms. */
const TURNS_MS = 6_500;

/** A killed worker's turns are free again after so long, in ms; while they live their locks are renewed. */
const LOCK_MS = 15_000;
const STALLED_MS = 10_000;

/** BullMQ's own close waits for Redis without an end; it gets so long, in ms. */
const CLOSE_MS = 1_500;

/**
 * Starts what a worker process does: turns of campaigns, and the sweeper. Only `worker.ts` and the tests call it.
 * @returns `close`, which begins no further call to SES, waits for those under way, and records what became of them.
 */
export function startWorkers(): { close(): Promise<void> } {
  const ending = new AbortController();
  const gateways = new Gateways();
  const connection = workerRedis();
  const sending = { gateways, signal: ending.signal };
  const turns = new Set<Promise<unknown>>();

  const process = (job: Job, token?: string) => {
    const turn = runTurn(job, token, sending);
    turns.add(turn);
    return turn.finally(() => turns.delete(turn));
  };
  const worker = new Worker(CAMPAIGN_QUEUE, process, {
    connection,
    prefix: QUEUE_PREFIX,
    concurrency: config().workerConcurrency,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_MS,
  });
  worker.on('error', (err) => logger().debug({ err }, 'worker'));
  worker.on('failed', (job, err) => logger().error({ err, jobId: job?.id }, 'a job failed'));
  const sweeper = startSweeper();

  return {
    async close() {
      ending.abort();
      const closed = worker.close();
      await within(TURNS_MS, Promise.all([sweeper.close(), Promise.allSettled([...turns])]));
      await within(CLOSE_MS, closed);
      gateways.close();
      connection.disconnect();
    },
  };
}

async function runTurn(job: Job, token: string | undefined, sending: Sending): Promise<void> {
  // Only a newer version of the hub could have added it: it is seen in the log, and gone.
  if (job.name !== 'turn') throw new UnrecoverableError(`There is no job named ${job.name}`);
  const { campaignId } = JOBS.turn.parse(job.data);
  const end = await takeTurn(campaignId, sending).catch((err: unknown): TurnEnd => {
    logger().error({ err, jobId: job.id, campaignId }, 'a turn failed; it comes again');
    return { kind: 'again', delayMs: AFTER_FAILURE_MS };
  });
  if (end.kind === 'over') return;
  // To the end of the line: campaigns take turns.
  await job.moveToDelayed(Date.now() + end.delayMs, token);
  throw new DelayedError();
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const timeout = new AbortController();
  await Promise.race([work.catch(() => undefined), sleep(ms, undefined, timeout).catch(() => undefined)]);
  timeout.abort();
}
