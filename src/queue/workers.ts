import { setTimeout as sleep } from 'node:timers/promises';
import { DelayedError, type Job, UnrecoverableError, Worker, type WorkerOptions } from 'bullmq';
import { config } from '../config.js';
import { logger } from '../logger.js';
import { workerRedis } from '../redis.js';
import { Precedence } from '../sending/batch/precedence.js';
import { Traffic } from '../sending/batch/traffic.js';
import { type TurnEnd, type Turns, takeLineTurn, takeTurn } from '../sending/batch/turn.js';
import { createLauncher } from '../sending/campaigns/due.js';
import { DOMAIN_CHECKS } from '../sending/domains/due.js';
import { INBOUND } from '../sending/inbound/round.js';
import { createSystemMailer } from '../sending/system-mail/mailer.js';
import { startPeriodic } from '../sending/upkeep/periodic.js';
import { PULSE } from '../sending/upkeep/pulse.js';
import { SWEEPER } from '../sending/upkeep/sweep.js';
import { Gateways } from '../ses/gateway.js';
import { startDeliverer } from '../webhooks/deliverer.js';
import { WEBHOOK_RELAY } from '../webhooks/relay.js';
import { CAMPAIGN_QUEUE, JOBS, type JobName, MESSAGE_QUEUE, QUEUE_PREFIX } from './jobs.js';

/** A turn that failed (MongoDB or Redis is away) comes again after this, in ms. */
const AFTER_FAILURE_MS = 2_000;

/** Turns under way get so long to hear from SES and record it, in ms. */
const TURNS_MS = 6_500;

/**
 * A killed worker's turns are free again after both together, in ms; while they live their locks are renewed. Single messages
 * are waited for. A process that stood still for longer has its turn taken twice, which does no harm.
 */
const CAMPAIGN_LOCK = { lockDuration: 15_000, stalledInterval: 10_000 };
const LINE_LOCK = { lockDuration: 4_000, stalledInterval: 1_000 };

/** BullMQ's own close waits for Redis without an end; it gets so long, in ms. */
const CLOSE_MS = 1_500;

/**
 * Starts what a worker process does: turns of campaigns, turns of other messages in a line of their own, the upkeep, and
 * webhooks.
 * Only `worker.ts` and the tests call it.
 * @returns `close`, which begins no further call to SES, waits for those under way, and records what became of them.
 */
export function startWorkers(): { close(): Promise<void> } {
  const ending = new AbortController();
  const gateways = new Gateways();
  const traffic = new Traffic();
  const sending: Turns = { gateways, traffic, precedence: new Precedence(), signal: ending.signal };
  const turns = new Set<Promise<unknown>>();

  const start = (
    queue: string,
    name: JobName,
    lock: Pick<WorkerOptions, 'lockDuration' | 'stalledInterval'>,
    take: (data: unknown) => Promise<TurnEnd>,
  ) => {
    const process = (job: Job, token?: string) => {
      // Only a newer version of the hub could have added it: it is seen in the log, and gone.
      if (job.name !== name) throw new UnrecoverableError(`There is no job named ${job.name}`);
      const turn = runTurn(job, token, take);
      turns.add(turn);
      return turn.finally(() => turns.delete(turn));
    };
    const connection = workerRedis();
    const worker = new Worker(queue, process, {
      connection,
      prefix: QUEUE_PREFIX,
      concurrency: config().workerConcurrency,
      ...lock,
    });
    worker.on('error', (err) => logger().debug({ err }, 'worker'));
    worker.on('failed', (job, err) => logger().error({ err, jobId: job?.id }, 'a job failed'));
    return { worker, connection };
  };
  const started = [
    start(CAMPAIGN_QUEUE, 'turn', CAMPAIGN_LOCK, (data) => takeTurn(JOBS.turn.parse(data).campaignId, sending)),
    start(MESSAGE_QUEUE, 'line', LINE_LOCK, (data) => takeLineTurn(JOBS.line.parse(data), sending)),
  ];
  const launcher = { name: 'launcher', everyMs: 1_000, leaseMs: 3_000, ...createLauncher() };
  const systemMail = { name: 'system-mail', everyMs: 1_000, leaseMs: 5_000, ...createSystemMailer(ending.signal) };
  const periodic = [PULSE, SWEEPER, INBOUND, DOMAIN_CHECKS, WEBHOOK_RELAY, launcher, systemMail].map(startPeriodic);
  const upkeep = [...periodic, startDeliverer()];

  return {
    async close() {
      ending.abort();
      const closed = started.map(({ worker }) => worker.close());
      const quiet = Promise.allSettled([...turns]).then(() => traffic.ended());
      await within(TURNS_MS, Promise.all([...upkeep.map((one) => one.close()), quiet]));
      await within(CLOSE_MS, Promise.all(closed));
      gateways.close();
      for (const { connection } of started) connection.disconnect();
    },
  };
}

async function runTurn(job: Job, token: string | undefined, take: (data: unknown) => Promise<TurnEnd>): Promise<void> {
  const end = await take(job.data).catch((err: unknown): TurnEnd => {
    logger().error({ err, jobId: job.id }, 'a turn failed; it comes again');
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
