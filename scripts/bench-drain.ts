import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import mongoose from 'mongoose';
import { type Services, startServices } from '../src/embedded/services.js';
import { bareLoop, bestConcurrency } from './bench/bare.js';
import { problemsOf } from './bench/check.js';
import { type Drain, DrainFailed, drain } from './bench/drain.js';
import { hubEnvironment, startHub } from './bench/hub.js';
import { HTML, LINKED_HTML } from './bench/message.js';
import { median } from './bench/process-stats.js';
import type { Run } from './bench/run.js';

/**
 * Measures one worker process draining a campaign against a bare loop of the same two libraries, both against the local
 * SES in a process of its own, interleaved, and prints the median of three; and whether the drain costs the same at the
 * end of the list as at its beginning. `--check` ends with 1 where it does not, or where not everybody was mailed. With
 * `--tracking` the message has ten links, and the hub tracks them and its opens.
 */
const ROUNDS = 3;
const CALIBRATION = 3_000;
/** A bare loop has no list that could grow long: it need not send all of one, and little where its rate is not the point. */
const BARE = 20_000;
const BARE_OF_A_CHECK = 10_000;
const PORT = 5_902;

const { values } = parseArgs({
  options: {
    recipients: { type: 'string', default: '20000' },
    bare: { type: 'string' },
    rounds: { type: 'string', default: String(ROUNDS) },
    tracking: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const recipients = Number(values.recipients);
const bareMessages = Math.min(recipients, Number(values.bare ?? (values.check ? BARE_OF_A_CHECK : BARE)));
const html = values.tracking ? LINKED_HTML : HTML;
const say = (line: string) => process.stderr.write(`${line}\n`);

const services = await startServices({
  inbox: false,
  ses: { account: { maxSendRate: 1_000_000, max24HourSend: -1 }, keepRaw: 0 },
  progress: say,
});
try {
  await bench(services);
} catch (error) {
  if (!(error instanceof DrainFailed)) throw error;
  fail(error.message);
} finally {
  await services.close();
}

async function bench({ sesEndpoint, redisUrl, mongodbUri, ses }: Services): Promise<void> {
  const env = hubEnvironment(services, PORT);
  const hub = await startHub(env);
  await mongoose.connect(mongodbUri);
  const redis = new Redis(redisUrl);
  try {
    const concurrency = await bestConcurrency(sesEndpoint, Math.min(CALIBRATION, Math.ceil(bareMessages / 5)), html);
    say(`the bare loop is at its best with ${concurrency} calls at once`);
    const bare: Run[] = [];
    const drained: Drain[] = [];
    for (let round = 0; round < Number(values.rounds); round += 1) {
      bare.push(await bareLoop(sesEndpoint, bareMessages, concurrency, html));
      say(`bare ${describe(bare.at(-1))}`);
      await ses.clearRecord();
      drained.push(await drain({ hub, env, redis, ses, recipients, html, isTracked: values.tracking }));
      say(`hub  ${describe(drained.at(-1))}`);
      await ses.clearRecord();
    }
    report(bare, drained);
  } finally {
    redis.disconnect();
    await mongoose.disconnect();
    await hub.close();
  }
}

function describe(run: Run | undefined): string {
  if (!run) return '';
  return `${run.perSecond.toFixed(0)}/s, ${run.cpuUs.toFixed(0)} µs CPU a message, ${run.rssMaxMb.toFixed(0)} MB`;
}

function report(bare: readonly Run[], hub: readonly Drain[]): void {
  const ofBare = (key: keyof Run) => median(bare.map((run) => run[key]));
  const ofHub = (key: keyof Drain) => median(hub.map((run) => run[key]));
  const round = (value: number, digits = 0) => Number(value.toFixed(digits));
  const figures = {
    recipients,
    trackedLinks: values.tracking ? 10 : 0,
    barePerSecond: round(ofBare('perSecond')),
    hubPerSecond: round(ofHub('perSecond')),
    ratio: round(ofHub('perSecond') / ofBare('perSecond'), 3),
    bareCpuUs: round(ofBare('cpuUs')),
    hubCpuUs: round(ofHub('cpuUs')),
    cpuRatio: round(ofBare('cpuUs') / ofHub('cpuUs'), 3),
    cpuFirstUs: round(ofHub('cpuFirstUs')),
    cpuLastUs: round(ofHub('cpuLastUs')),
    cpuDrift: round(ofHub('cpuLastUs') / ofHub('cpuFirstUs'), 3),
    bareRssMb: round(Math.max(...bare.map((run) => run.rssMaxMb))),
    workerRssMaxMb: round(Math.max(...hub.map((run) => run.rssMaxMb))),
    heapSecondQuarterMb: round(ofHub('heapSecondQuarterMb'), 1),
    heapLastQuarterMb: round(ofHub('heapLastQuarterMb'), 1),
    heapRatio: round(ofHub('heapLastQuarterMb') / ofHub('heapSecondQuarterMb'), 3),
    redisMaxMb: round(Math.max(...hub.map((run) => run.redisMaxMb)), 1),
  };
  if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else for (const [name, value] of Object.entries(figures)) process.stdout.write(`${name.padEnd(20)} ${value}\n`);
  if (values.check) for (const problem of problemsOf(figures)) fail(problem);
}

function fail(sentence: string): void {
  say(sentence);
  process.exitCode = 1;
}
