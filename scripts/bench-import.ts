import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import mongoose from 'mongoose';
import { findFreePort } from '../src/embedded/free-port.js';
import { type Services, startServices } from '../src/embedded/services.js';
import { DeliveryModel } from '../src/models/delivery.js';
import { endChild, startChild, untilMessage } from './bench/child.js';
import { type BenchHub, hubEnvironment, startHub } from './bench/hub.js';
import { median, statsOf } from './bench/process-stats.js';
import { csvOf } from './bench/recipient-list.js';

/**
 * Measures an import of CSV in one request to the built API against a bare `insertMany` of the same documents with the
 * same indexes, each into an empty collection, interleaved, and prints the median of three.
 */
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
});
const rows = Number(values.rows);
const say = (line: string) => process.stderr.write(`${line}\n`);

const services = await startServices({ inbox: false, progress: say });
try {
  await bench(services);
} finally {
  await services.close();
}

async function bench({ mongodbUri }: Services): Promise<void> {
  await mongoose.connect(mongodbUri);
  const hub = await startHub(hubEnvironment(services, await findFreePort()));
  const csv = csvOf(rows);
  say(`${rows} lines, ${(Buffer.byteLength(csv) / 1024 ** 2).toFixed(1)} MB`);
  const raw: number[] = [];
  const imported: number[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    raw.push(await rawInsert(mongodbUri));
    say(`insertMany ${raw.at(-1)?.toFixed(0)}/s`);
    imported.push(await importCsv(hub, csv));
    say(`import     ${imported.at(-1)?.toFixed(0)}/s, API at most ${statsOf(hub.pid).rssMaxMb.toFixed(0)} MB`);
  }
  report(median(raw), median(imported), statsOf(hub.pid).rssMaxMb);
  await hub.close();
  await mongoose.disconnect();
}

/** @returns rows a second. */
async function rawInsert(mongodbUri: string): Promise<number> {
  await emptyLedger();
  const program = fileURLToPath(new URL('bench/raw-insert.ts', import.meta.url));
  const child = await startChild(['--import', 'tsx', program, mongodbUri, String(rows)]);
  const startedAt = performance.now();
  child.send('go');
  await untilMessage(child, 'done');
  const perSecond = (rows / (performance.now() - startedAt)) * 1_000;
  await endChild(child);
  await requireRows();
  return perSecond;
}

/** @returns rows a second, from the first byte of the request to the answer. */
async function importCsv(hub: BenchHub, csv: string): Promise<number> {
  await emptyLedger();
  const { campaign } = await hub.call<{ campaign: { id: string } }>('POST', '/api/campaigns', {
    name: 'Bench',
    subject: 'Bench',
    fromEmail: 'news@example.com',
    content: { text: 'Bench' },
  });
  const startedAt = performance.now();
  const report = await hub.call('POST', `/api/campaigns/${campaign.id}/recipients`, csv, 'text/csv');
  const perSecond = (rows / (performance.now() - startedAt)) * 1_000;
  say(JSON.stringify(report));
  await requireRows();
  return perSecond;
}

/** The collection anew with its indexes: a deletion would leave a filled cache and work for later. */
async function emptyLedger(): Promise<void> {
  await DeliveryModel.collection.drop();
  await DeliveryModel.createIndexes();
}

async function requireRows(): Promise<void> {
  const count = await DeliveryModel.collection.countDocuments();
  if (count !== rows) throw new Error(`${count} rows were inserted, not ${rows}`);
}

function report(rawPerSecond: number, rowsPerSecond: number, rssMaxMb: number): void {
  const figures = {
    rowsPerSecond: Math.round(rowsPerSecond),
    rawInsertPerSecond: Math.round(rawPerSecond),
    ratio: Number((rowsPerSecond / rawPerSecond).toFixed(3)),
    apiRssMaxMb: Math.round(rssMaxMb),
  };
  if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else for (const [name, value] of Object.entries(figures)) process.stdout.write(`${name.padEnd(20)} ${value}\n`);
}
