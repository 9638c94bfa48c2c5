import { Queue } from 'bullmq';
import { logger } from '../logger.js';
import { redis } from '../redis.js';
import { CAMPAIGN_QUEUE, QUEUE_PREFIX } from './jobs.js';

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
