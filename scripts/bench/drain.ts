import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import mongoose from 'mongoose';
import type { SesService } from '../../src/embedded/ses.js';
import { answerOf, endChild, startChild } from './child.js';
import { Course } from './course.js';
import type { BenchHub } from './hub.js';
import { FROM, recipientLines, SUBJECT, TEXT } from './message.js';
import { median, statsOf } from './process-stats.js';
import { type Run, toRun } from './run.js';

const LOOK_MS = 200;
const STALLED_MS = 60_000;

/** Shares of the list at which the heap is looked at: in its second and its last quarter, clear of `Course`'s two ends. */
const SECOND_QUARTER = [0.3, 0.38, 0.46];
const LAST_QUARTER = [0.76, 0.82, 0.88];

/** What draining a campaign took one worker. */
export interface Drain extends Run {
  /** What is left of its heap after a forced collection, in MB. */
  heapSecondQuarterMb: number;
  heapLastQuarterMb: number;
  /** CPU a message at both ends of the list, in µs. */
  cpuFirstUs: number;
  cpuLastUs: number;
  redisMaxMb: number;
}

/** A drain that did not come to its end; the message says why, for a person. */
export class DrainFailed extends Error {}

interface Surroundings {
  hub: BenchHub;
  env: NodeJS.ProcessEnv;
  redis: Redis;
  ses: SesService;
  recipients: number;
  html: string;
  /** Whether its opens and clicks are tracked. */
  isTracked: boolean;
}

/**
 * Makes a campaign through the API, then lets one worker process drain it, and watches the two. SES's record must be empty.
 * @throws DrainFailed when it pauses, stands still, or does not reach everybody.
 */
export async function drain(surroundings: Surroundings): Promise<Drain> {
  const { env } = surroundings;
  const campaignId = await launch(surroundings);
  const probe = new URL('worker-probe.mjs', import.meta.url).href;
  const worker = await startChild(['--expose-gc', '--import', probe, 'dist/worker.js'], env);
  try {
    return await watch(worker, campaignId, surroundings);
  } finally {
    await endChild(worker);
  }
}

async function launch({ hub, recipients, html, isTracked }: Surroundings): Promise<string> {
  // The plan's limit is another bench's matter.
  await mongoose.connection
    .collection('businesses')
    .updateOne(
      { _id: new mongoose.Types.ObjectId(hub.businessId) },
      { $set: { 'subscription.emailsPerMonth': 1_000_000_000 } },
    );
  const { campaign } = await hub.call<{ campaign: { id: string } }>('POST', '/api/campaigns', {
    name: 'Bench',
    subject: SUBJECT,
    fromEmail: FROM.address,
    fromName: FROM.name,
    content: { html, text: TEXT },
    tracking: { opens: isTracked, clicks: isTracked },
  });
  await hub.call('POST', `/api/campaigns/${campaign.id}/recipients`, recipientLines(recipients), 'text/csv');
  await hub.call('POST', `/api/campaigns/${campaign.id}/send`);
  return campaign.id;
}

async function watch(worker: ChildProcess, campaignId: string, surroundings: Surroundings): Promise<Drain> {
  const { hub, redis, ses, recipients } = surroundings;
  const pid = worker.pid ?? 0;
  const before = statsOf(pid).cpuUs;
  const startedAt = performance.now();
  const course = new Course(recipients);
  const heap = new HeapWatch(worker);
  let redisMaxMb = 0;
  let movedAt = startedAt;
  let sent = 0;
  for (;;) {
    // A document by its id and a counter that is kept anyway: counting the ledger would take MongoDB from the worker. In
    // this order, as everybody is counted by the time the campaign says that it is sent.
    const isOver = await isSent(campaignId);
    const { accepted } = await ses.totals();
    if (accepted > sent) movedAt = performance.now();
    sent = accepted;
    course.add(sent, statsOf(pid).cpuUs - heap.cpuUs);
    redisMaxMb = Math.max(redisMaxMb, await usedMb(redis));
    if (isOver) break;
    if (performance.now() - movedAt > STALLED_MS) throw new DrainFailed(`It stood still for a minute after ${sent}`);
    await heap.look(sent / recipients);
    await sleep(LOOK_MS);
  }
  const run = toRun(recipients, performance.now() - startedAt, before + heap.cpuUs, statsOf(pid));
  await requireAllSent(hub, campaignId, recipients);
  const { firstUs: cpuFirstUs, lastUs: cpuLastUs } = course.ends();
  return {
    ...run,
    heapSecondQuarterMb: heap.medianMb(SECOND_QUARTER),
    heapLastQuarterMb: heap.medianMb(LAST_QUARTER),
    cpuFirstUs,
    cpuLastUs,
    redisMaxMb,
  };
}

/** Looks at the worker's heap, after a collection, when a drain has come so far. */
class HeapWatch {
  /** What the collections have cost so far. */
  cpuUs = 0;
  private readonly due = [...SECOND_QUARTER, ...LAST_QUARTER];
  private readonly seen = new Map<number, number>();

  constructor(private readonly worker: ChildProcess) {}

  async look(share: number): Promise<void> {
    const [next] = this.due;
    if (next === undefined || share < next) return;
    this.due.shift();
    const { heapMb, cpuUs } = await answerOf<{ heapMb: number; cpuUs: number }>(this.worker, 'heap');
    this.seen.set(next, heapMb);
    this.cpuUs += cpuUs;
  }

  medianMb(shares: readonly number[]): number {
    return median(shares.flatMap((share) => this.seen.get(share) ?? []));
  }
}

async function isSent(campaignId: string): Promise<boolean> {
  const state = await mongoose.connection
    .collection('emailcampaigns')
    .findOne({ _id: new mongoose.Types.ObjectId(campaignId) }, { projection: { status: 1, pause: 1 } });
  if (state?.status === 'sending' || state?.status === 'sent') return state.status === 'sent';
  throw new DrainFailed(`The campaign is ${state?.status}: ${JSON.stringify(state?.pause)}`);
}

async function requireAllSent(hub: BenchHub, campaignId: string, recipients: number): Promise<void> {
  const { stats } = await hub.call<{ stats: { states: { sent: number } } }>(
    'GET',
    `/api/campaigns/${campaignId}/stats`,
  );
  if (stats.states.sent === recipients) return;
  throw new DrainFailed(`Not all of the ${recipients} were mailed: ${JSON.stringify(stats.states)}`);
}

async function usedMb(redis: Redis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]) / 1024 ** 2;
}
