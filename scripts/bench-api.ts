import type { ChildProcess } from 'node:child_process';
import { parseArgs } from 'node:util';
import mongoose from 'mongoose';
import { findFreePort } from '../src/embedded/free-port.js';
import { type Services, startServices } from '../src/embedded/services.js';
import { endChild } from './bench/child.js';
import { type BenchHub, hubEnvironment, startHub } from './bench/hub.js';
import { FROM, HTML, SUBJECT } from './bench/message.js';
import { median } from './bench/process-stats.js';
import { authReads } from './bench-api/auth-reads.js';
import { whileDraining } from './bench-api/drain.js';
import { type Answers, load, startLoader } from './bench-api/load.js';

/**
 * Measures one API process, asked with an API key by a load generator in a process of its own: its health, a campaign by
 * its id and a list of 50, alone and while a worker drains a campaign at the rate of its SES account. Prints medians of
 * the rounds, and how often MongoDB is read to know who asks. `--check` ends with 1 where the reads are too slow beside
 * the drain, or asking who it is costs more reads than it may.
 */
const MAX_P99_MS = 100;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
    connections: { type: 'string', default: '8' },
    rate: { type: 'string', default: '200' },
    check: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const [rounds, seconds, connections, rate] = [values.rounds, values.seconds, values.connections, values.rate].map(
  Number,
) as [number, number, number, number];
const say = (line: string) => process.stderr.write(`${line}\n`);

/** What is asked, by the name it has in the figures. */
type Paths = Record<'health' | 'campaign' | 'list', string>;
type Measured = Record<keyof Paths, Answers>;

const services = await startServices({
  inbox: false,
  ses: { account: { maxSendRate: rate, max24HourSend: -1 }, keepRaw: 0 },
  progress: say,
});
try {
  await bench(services);
} finally {
  await services.close();
}

async function bench(around: Services): Promise<void> {
  const port = await findFreePort();
  const env = { ...hubEnvironment(around, port), AUTH_ATTEMPTS_PER_MINUTE: '1000000' };
  await mongoose.connect(around.mongodbUri);
  const hub = await startHub(env);
  const loader = await startLoader();
  try {
    const { paths, key } = await furnish(hub);
    const base = `http://127.0.0.1:${port}`;
    const measure = () => measureAll(loader, base, paths, key);
    await measure();
    const [alone, beside, drained]: [Measured[], Measured[], number[]] = [[], [], []];
    // Three endpoints, and as much again for what comes before and after.
    const recipients = Math.ceil(rate * seconds * 6) + 5_000;
    for (let round = 1; round <= rounds; round += 1) {
      alone.push(await measure());
      const { result, sentPerSecond } = await whileDraining({ hub, env, ses: around.ses, recipients }, measure);
      beside.push(result);
      drained.push(sentPerSecond);
      say(
        `round ${round}: beside a drain of ${sentPerSecond.toFixed(0)}/s the p99 of a campaign is ${result.campaign.p99Ms.toFixed(1)} ms`,
      );
    }
    const reads = await authReads(() => requireOk(`${base}${paths.campaign}`, key));
    report({ ...figuresOf('alone', alone), ...figuresOf('beside', beside), sentPerSecond: median(drained) }, reads);
  } finally {
    await endChild(loader);
    await mongoose.disconnect();
    await hub.close();
  }
}

/** A page of campaigns and one more, and a key that may read them. */
async function furnish(hub: BenchHub): Promise<{ paths: Paths; key: string }> {
  // The plan's limit is another bench's matter.
  await mongoose.connection
    .collection('businesses')
    .updateOne(
      { _id: new mongoose.Types.ObjectId(hub.businessId) },
      { $set: { 'subscription.emailsPerMonth': 1_000_000_000 } },
    );
  let id = '';
  for (let n = 0; n <= 50; n += 1) {
    const draft = { name: `Campaign ${n}`, subject: SUBJECT, fromEmail: FROM.address, content: { html: HTML } };
    id = (await hub.call<{ campaign: { id: string } }>('POST', '/api/campaigns', draft)).campaign.id;
  }
  const made = { name: 'Bench', permissions: ['manage_campaigns'] };
  const { apiKey } = await hub.call<{ apiKey: { key: string } }>('POST', '/api/business/api-keys', made);
  const paths = { health: '/api/health', campaign: `/api/campaigns/${id}`, list: '/api/campaigns?limit=50' };
  return { paths, key: apiKey.key };
}

async function measureAll(loader: ChildProcess, base: string, paths: Paths, key: string): Promise<Measured> {
  const ask = (path: string) => {
    const headers = { 'x-api-key': key };
    return load(loader, { url: `${base}${path}`, headers, connections, ms: seconds * 1_000 });
  };
  return { health: await ask(paths.health), campaign: await ask(paths.campaign), list: await ask(paths.list) };
}

async function requireOk(url: string, key: string): Promise<void> {
  const response = await fetch(url, { headers: { 'x-api-key': key } });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`);
}

function figuresOf(when: string, measured: readonly Measured[]): Record<string, number> {
  const entries = (['health', 'campaign', 'list'] as const).flatMap((what) =>
    (['perSecond', 'p50Ms', 'p99Ms', 'failures'] as const).map((figure): [string, number] => {
      const name = `${what}${when === 'alone' ? 'Alone' : 'Beside'}${figure.replace(/^./, (letter) => letter.toUpperCase())}`;
      const found = measured.map((one) => one[what][figure]);
      return [name, figure === 'failures' ? found.reduce((sum, n) => sum + n, 0) : median(found)];
    }),
  );
  return Object.fromEntries(entries);
}

function report(found: Record<string, number>, reads: { cached: number; uncached: number }): void {
  const all = { ...found, authReadsCached: reads.cached, authReadsUncached: reads.uncached };
  const figures = Object.fromEntries(
    Object.entries(all).map(([name, value]) => [name, Number(value.toFixed(name.endsWith('Second') ? 0 : 2))]),
  );
  if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else for (const [name, value] of Object.entries(figures)) process.stdout.write(`${name.padEnd(26)} ${value}\n`);
  if (values.check) for (const problem of problemsOf(figures)) fail(problem);
}

/** What does not hold, in sentences for a person. */
function problemsOf(figures: Record<string, number>): string[] {
  const slow = ['campaignBesideP99Ms', 'listBesideP99Ms'].filter((name) => !(Number(figures[name]) <= MAX_P99_MS));
  const failed = Object.keys(figures).filter((name) => name.endsWith('Failures') && figures[name] !== 0);
  return [
    ...slow.map((name) => `${name} is ${figures[name]}; at most ${MAX_P99_MS} is allowed.`),
    ...failed.map((name) => `${name} is ${figures[name]}: not every request was answered.`),
    ...(figures.authReadsCached === 0
      ? []
      : [`Who asks costs ${figures.authReadsCached} reads where it is known already.`]),
    ...(Number(figures.authReadsUncached) <= 1
      ? []
      : [`Who asks costs ${figures.authReadsUncached} reads; at most 1 is allowed.`]),
  ];
}

function fail(sentence: string): void {
  say(sentence);
  process.exitCode = 1;
}
