import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import mongoose from 'mongoose';
import { type Services, startServices } from '../src/embedded/services.js';
import { endChild, startChild, untilMessage } from './bench/child.js';
import { type BenchHub, hubEnvironment, startHub } from './bench/hub.js';
import { FROM, HTML, recipient, SUBJECT, TEXT } from './bench/message.js';
import { median, statsOf } from './bench/process-stats.js';

/**
 * Measures one worker process draining a campaign against a bare loop of the same two libraries, both against the local
 * SES in a process of its own, interleaved, and prints the median of three.
 */
const ROUNDS = 3;
const CONCURRENCIES = [16, 32, 64];
const CALIBRATION = 3_000;
const PORT = 5_902;

interface Run {
  perSecond: number;
  /** CPU of the client process a message, in µs. */
  cpuUs: number;
  rssMaxMb: number;
}

const { values } = parseArgs({
  options: {
    recipients: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: String(ROUNDS) },
    json: { type: 'boolean', default: false },
  },
});
const recipients = Number(values.recipients);
const say = (line: string) => process.stderr.write(`${line}\n`);

const services = await startServices({
  inbox: false,
  ses: { account: { maxSendRate: 1_000_000, max24HourSend: -1 } },
  progress: say,
});
try {
  await bench(services);
} finally {
  await services.close();
}

async function bench({ sesEndpoint, redisUrl, mongodbUri, ses }: Services): Promise<void> {
  const env = hubEnvironment(services, PORT);
  const hub = await startHub(env);
  await mongoose.connect(mongodbUri);
  const redis = new Redis(redisUrl);

  const concurrency = await bestConcurrency(sesEndpoint);
  say(`the bare loop is at its best with ${concurrency} calls at once`);
  const bare: Run[] = [];
  const drained: Run[] = [];
  let redisMaxMb = 0;
  for (let round = 0; round < Number(values.rounds); round += 1) {
    bare.push(await bareLoop(sesEndpoint, recipients, concurrency));
    say(`bare ${describe(bare.at(-1))}`);
    await ses.clearRecord();
    const { run, redisMb } = await drain(hub, env, redis);
    drained.push(run);
    redisMaxMb = Math.max(redisMaxMb, redisMb);
    say(`hub  ${describe(run)}`);
    await ses.clearRecord();
  }
  redis.disconnect();
  await mongoose.disconnect();
  await hub.close();
  report(bare, drained, redisMaxMb);
}

async function bestConcurrency(endpoint: string): Promise<number> {
  const rates: number[] = [];
  for (const concurrency of CONCURRENCIES) {
    rates.push((await bareLoop(endpoint, Math.min(CALIBRATION, recipients), concurrency)).perSecond);
  }
  return CONCURRENCIES[rates.indexOf(Math.max(...rates))] ?? 16;
}

async function bareLoop(endpoint: string, count: number, concurrency: number): Promise<Run> {
  const program = fileURLToPath(new URL('bench/bare-loop.mjs', import.meta.url));
  const child = await startChild([program]);
  const pid = child.pid ?? 0;
  const before = statsOf(pid);
  const startedAt = performance.now();
  child.send({ endpoint, recipients: count, concurrency, from: FROM, subject: SUBJECT, html: HTML, text: TEXT });
  await untilMessage(child, 'done');
  const run = toRun(count, performance.now() - startedAt, before.cpuUs, statsOf(pid));
  await endChild(child);
  return run;
}

/** Makes a campaign through the API, then lets one worker process drain it, and watches the two. */
async function drain(hub: BenchHub, env: NodeJS.ProcessEnv, redis: Redis): Promise<{ run: Run; redisMb: number }> {
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
    content: { html: HTML, text: TEXT },
  });
  const lines = ['email', ...Array.from({ length: recipients }, (_, n) => recipient(n))];
  await hub.call('POST', `/api/campaigns/${campaign.id}/recipients`, lines.join('\n'), 'text/csv');
  await hub.call('POST', `/api/campaigns/${campaign.id}/send`);

  const worker = await startChild(['dist/worker.js'], env);
  const pid = worker.pid ?? 0;
  const before = statsOf(pid);
  const startedAt = performance.now();
  let redisMb = 0;
  const campaigns = mongoose.connection.collection('emailcampaigns');
  const filter = { _id: new mongoose.Types.ObjectId(campaign.id) };
  for (;;) {
    const state = await campaigns.findOne(filter, { projection: { status: 1, pause: 1 } });
    redisMb = Math.max(redisMb, await usedMb(redis));
    if (state?.status === 'sent') break;
    if (state?.status !== 'sending')
      throw new Error(`The campaign is ${state?.status}: ${JSON.stringify(state?.pause)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const run = toRun(recipients, performance.now() - startedAt, before.cpuUs, statsOf(pid));
  await endChild(worker);
  const { states } = (
    await hub.call<{ stats: { states: { sent: number } } }>('GET', `/api/campaigns/${campaign.id}/stats`)
  ).stats;
  if (states.sent !== recipients) throw new Error(`Not everybody was mailed: ${JSON.stringify(states)}`);
  return { run, redisMb };
}

async function usedMb(redis: Redis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]) / 1024 ** 2;
}

function toRun(count: number, ms: number, cpuBefore: number, after: { cpuUs: number; rssMaxMb: number }): Run {
  return { perSecond: (count / ms) * 1_000, cpuUs: (after.cpuUs - cpuBefore) / count, rssMaxMb: after.rssMaxMb };
}

function describe(run: Run | undefined): string {
  if (!run) return '';
  return `${run.perSecond.toFixed(0)}/s, ${run.cpuUs.toFixed(0)} µs CPU a message, ${run.rssMaxMb.toFixed(0)} MB`;
}

function report(bare: readonly Run[], hub: readonly Run[], redisMaxMb: number): void {
  const middle = (runs: readonly Run[], key: keyof Run) => median(runs.map((run) => run[key]));
  const round = (value: number, digits = 0) => Number(value.toFixed(digits));
  const figures = {
    barePerSecond: round(middle(bare, 'perSecond')),
    hubPerSecond: round(middle(hub, 'perSecond')),
    ratio: round(middle(hub, 'perSecond') / middle(bare, 'perSecond'), 3),
    bareCpuUs: round(middle(bare, 'cpuUs')),
    hubCpuUs: round(middle(hub, 'cpuUs')),
    cpuRatio: round(middle(bare, 'cpuUs') / middle(hub, 'cpuUs'), 3),
    bareRssMb: round(Math.max(...bare.map((run) => run.rssMaxMb))),
    workerRssMaxMb: round(Math.max(...hub.map((run) => run.rssMaxMb))),
    redisMaxMb: round(redisMaxMb, 1),
  };
  if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else for (const [name, value] of Object.entries(figures)) process.stdout.write(`${name.padEnd(16)} ${value}\n`);
}
