import { parseArgs } from 'node:util';
import mongoose from 'mongoose';
import { startServices } from '../src/embedded/services.js';
import { connectMongo, disconnectMongo } from '../src/mongo.js';
import { count } from '../src/sending/campaigns/counts.js';
import { reportOf } from '../src/sending/campaigns/report.js';
import { stats } from '../src/services/business-stats/index.js';
import { median } from './bench/process-stats.js';
import { fillLedger } from './bench/sent-list.js';

/**
 * Measures what telling the numbers of a sent campaign costs: the counting alone, the whole report, a report that is kept, and
 * the business's year, counted for the first time and kept. Prints medians in ms.
 */
const { values } = parseArgs({
  options: {
    recipients: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});
const recipients = Number(values.recipients);
const rounds = Number(values.rounds);
const say = (line: string) => process.stderr.write(`${line}\n`);

const services = await startServices({ inbox: false, progress: say });
try {
  await connectMongo(services.mongodbUri);
  await bench();
} finally {
  await disconnectMongo();
  await services.close();
}

async function bench(): Promise<void> {
  const { tenant, campaign, year } = await fillLedger(recipients);
  say(`${recipients} recipients of one campaign`);
  const report = () => reportOf(campaign);
  const period = () => stats(tenant, year, Number.POSITIVE_INFINITY);
  const found = {
    countMs: await timed(() => count(campaign._id)),
    reportMs: await timed(report, () => forget('campaignreports')),
    keptReportMs: await timed(report, () => hold('campaignreports')),
    yearMs: await timed(period, () => forget('sendingdays')),
    keptYearMs: await timed(period, () => hold('sendingdays')),
  };
  if (values.json) return void process.stdout.write(`${JSON.stringify(found)}\n`);
  for (const [name, ms] of Object.entries(found))
    process.stdout.write(`${name.padEnd(14)}${ms.toFixed(1).padStart(9)}\n`);
}

/** @returns the median of the rounds, in ms. */
async function timed(run: () => Promise<unknown>, before?: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await before?.();
    const startedAt = performance.now();
    await run();
    times.push(performance.now() - startedAt);
  }
  return median(times);
}

/** As if it had never been told. */
async function forget(collection: string): Promise<void> {
  await mongoose.connection.collection(collection).deleteMany({});
}

/** As if the telling had taken so long that what is kept holds for the bench. */
async function hold(collection: string): Promise<void> {
  await mongoose.connection.collection(collection).updateMany({}, { $set: { tookMs: 3_600_000 } });
}
