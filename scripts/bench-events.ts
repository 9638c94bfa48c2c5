import { parseArgs } from 'node:util';
import mongoose from 'mongoose';
import { findFreePort } from '../src/embedded/free-port.js';
import { type Services, startServices } from '../src/embedded/services.js';
import { type Sns, startSns } from '../tests/support/sns-server.js';
import { hubEnvironment, startHub } from './bench/hub.js';
import { benchInbound } from './bench-events/inbound.js';

/**
 * Measures what one API process takes of SES's events, signed and by HTTP, with its load generator beside it; then how fast
 * one worker applies them, and whether each has arrived. Ends with 1 where one has not.
 */
const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '6000' },
    json: { type: 'boolean', default: false },
  },
});
const say = (line: string) => process.stderr.write(`${line}\n`);

const services = await startServices({ inbox: false, progress: say });
const { sns, close } = await startSns();
try {
  await bench(services, sns);
} finally {
  close();
  await services.close();
}

async function bench(around: Services, { url, ...rest }: Sns): Promise<void> {
  const port = await findFreePort();
  const env = { ...hubEnvironment(around, port), SNS_CERT_URL_PREFIX: url };
  await mongoose.connect(around.mongodbUri);
  const hub = await startHub(env);
  try {
    const figures = await benchInbound({
      url: `http://127.0.0.1:${port}`,
      businessId: hub.businessId,
      sns: { url, ...rest },
      env,
      events: Number(values.events),
    });
    report(figures);
    if (figures.inboundLost > 0) process.exitCode = 1;
  } finally {
    await hub.close();
    await mongoose.disconnect();
  }
}

function report(figures: object): void {
  const rounded = Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Math.round(Number(value))]));
  if (values.json) process.stdout.write(`${JSON.stringify(rounded)}\n`);
  else for (const [name, value] of Object.entries(rounded)) process.stdout.write(`${name.padEnd(20)} ${value}\n`);
}
