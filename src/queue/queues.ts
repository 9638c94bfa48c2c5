import { Queue } from 'bullmq';
import { logger } from '../logger.js';
import { redis } from '../redis.js';
import { CAMPAIGN_QUEUE, JOBS, QUEUE_PREFIX, TURNS_PER_CAMPAIGN } from './jobs.js';

let campaigns: Queue | undefined;

/** Opens the producers' side of the queues on the shared Redis connection. */
export function openQueues(): void {
  campaigns = new Queue(CAMPAIGN_QUEUE, {
    connection: redis(),
    prefix: QUEUE_PREFIX,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
  });
  campaigns.on('error', (err) => logger().debug({ err }, 'queue'));
}

/**
 * Sees to it that each campaign has its turns in the queue; those that are there already stay as they are.
 * @throws the error of Redis.
 */
export async function enqueueTurns(campaignIds: readonly string[]): Promise<void> {
  if (campaignIds.length === 0) return;
  if (!campaigns) throw new Error('openQueues() was not called');
  const slots = Array.from({ length: TURNS_PER_CAMPAIGN }, (_, slot) => slot);
  const jobs = campaignIds.flatMap((campaignId) =>
    slots.map((slot) => ({
      name: 'turn',
      data: JOBS.turn.parse({ campaignId, slot }),
      opts: { jobId: `${campaignId}-${slot}` },
    })),
  );
  await campaigns.addBulk(jobs);
}

/** Whether the queue's keys can be read. Never throws. */
export async function isQueueUp(): Promise<boolean> {
  return (
    campaigns !== undefined &&
    (await campaigns.getWaitingCount().then(
      () => true,
      () => false,
    ))
  );
}

export async function closeQueues(): Promise<void> {
  await campaigns?.close();
  campaigns = undefined;
}
