import { parseArgs } from 'node:util';
import mongoose, { Types } from 'mongoose';
import { findFreePort } from '../src/embedded/free-port.js';
import { type Services, startServices } from '../src/embedded/services.js';
import { signOpen } from '../src/tracking/tokens.js';
import { type Sns, startSns } from '../tests/support/sns-server.js';
import { hubEnvironment, startHub } from './bench/hub.js';
import { benchInbound } from './bench-events/inbound.js';
import { sentDeliveries } from './bench-events/ledger.js';
import { benchPixels, type Pixel } from './bench-events/pixels.js';

/**
 * Measures what one API process takes of SES's events, signed and by HTTP, with its load generator beside it; then how fast
 * one worker applies them, and whether each has arrived; then how it answers for pixels, and whether each open is in the
 * ledger. Ends with 1 where one is not.
 */
const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '6000' },
    pixels: { type: 'string', default: '10000' },
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
  const api = `http://127.0.0.1:${port}`;
  try {
    const inbound = await benchInbound({
      url: api,
      businessId: hub.businessId,
      sns: { url, ...rest },
      env,
      events: Number(values.events),
    });
    const pixels = await benchPixels(await pixelsOf(api, hub.businessId, Number(values.pixels)));
    report({ ...inbound, ...pixels });
    if (inbound.inboundLost + pixels.pixelLost > 0) process.exitCode = 1;
  } finally {
    await hub.close();
    await mongoose.disconnect();
  }
}

/** The pixels of so many messages, signed as the worker signs them. */
async function pixelsOf(api: string, businessId: string, count: number): Promise<Pixel[]> {
  const business = new Types.ObjectId(businessId);
  const deliveries = await sentDeliveries(businessId, count);
  return deliveries.map((delivery) => ({
    url: `${api}/t/o/${signOpen({ businessId: business, deliveryId: delivery })}`,
    delivery,
  }));
}

function report(figures: object): void {
  const rounded = Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Math.round(Number(value))]));
  if (values.json) process.stdout.write(`${JSON.stringify(rounded)}\n`);
  else for (const [name, value] of Object.entries(rounded)) process.stdout.write(`${name.padEnd(20)} ${value}\n`);
}
