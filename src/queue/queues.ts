import { Queue } from 'bullmq';
import type { Types } from 'mongoose';
import { logger } from '../logger.js';
import type { MessageStream } from '../models/message.js';
import { redis } from '../redis.js';
import { CAMPAIGN_QUEUE, JOBS, MESSAGE_QUEUE, QUEUE_PREFIX, TURNS_PER_CAMPAIGN, TURNS_PER_LINE } from './jobs.js';

/** Single messages of a business that wait for the same. */
interface Line {
  business: Types.ObjectId;
  stream: MessageStream;
  isTest: boolean;
}

let queues: { campaigns: Queue; messages: Queue } | undefined;

/** Opens the producers' side of the queues on the shared Redis connection. */
export function openQueues(): void {
  queues = { campaigns: open(CAMPAIGN_QUEUE), messages: open(MESSAGE_QUEUE) };
}

function open(name: string): Queue {
  const queue = new Queue(name, {
    connection: redis(),
    prefix: QUEUE_PREFIX,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
  });
  queue.on('error', (err) => logger().debug({ err, queue: name }, 'queue'));
  return queue;
}

function opened() {
  if (!queues) throw new Error('openQueues() was not called');
  return queues;
}

/**
 * Sees to it that each campaign has its turns in the queue; those that are there already stay as they are.
 * @throws the error of Redis.
 */
export async function enqueueTurns(campaignIds: readonly string[]): Promise<void> {
  const slots = Array.from({ length: TURNS_PER_CAMPAIGN }, (_, slot) => slot);
  const jobs = campaignIds.flatMap((campaignId) =>
    slots.map((slot) => ({
      name: 'turn',
      data: JOBS.turn.parse({ campaignId, slot }),
      opts: { jobId: `${campaignId}-${slot}` },
    })),
  );
  if (jobs.length > 0) await opened().campaigns.addBulk(jobs);
}

/** The same for lines of single messages. @throws the error of Redis. */
export async function enqueueLine(...lines: readonly Line[]): Promise<void> {
  const slots = Array.from({ length: TURNS_PER_LINE }, (_, slot) => slot);
  const jobs = lines.flatMap(({ business, stream, isTest }) =>
    slots.map((slot) => ({
      name: 'line',
      data: JOBS.line.parse({ businessId: business.toHexString(), stream, isTest, slot }),
      opts: { jobId: `${business.toHexString()}-${stream}-${isTest ? 'test' : 'live'}-${slot}` },
    })),
  );
  if (jobs.length > 0) await opened().messages.addBulk(jobs);
}

/** Turns in a queue: under way, waiting for a worker, and waiting for their time. */
export interface Depth {
  active: number;
  waiting: number;
  delayed: number;
}

/** What is in the queues, and how many worker processes are connected, where Redis says so. @throws the error of Redis. */
export async function readQueues(): Promise<{ campaigns: Depth; messages: Depth; workers?: number | undefined }> {
  const { campaigns, messages } = opened();
  const [ofCampaigns, ofMessages, workers] = await Promise.all([
    depthOf(campaigns),
    depthOf(messages),
    // Each process has one connection of its own for campaigns.
    campaigns.getWorkersCount().catch(() => undefined),
  ]);
  return { campaigns: ofCampaigns, messages: ofMessages, workers };
}

async function depthOf(queue: Queue): Promise<Depth> {
  const { active = 0, wait = 0, delayed = 0 } = await queue.getJobCounts('active', 'wait', 'delayed');
  return { active, waiting: wait, delayed };
}

/** Whether the queues' keys can be read. Never throws. */
export async function isQueueUp(): Promise<boolean> {
  try {
    await opened().campaigns.getWaitingCount();
    return true;
  } catch {
    return false;
  }
}

export async function closeQueues(): Promise<void> {
  await Promise.all([queues?.campaigns.close(), queues?.messages.close()]);
  queues = undefined;
}
