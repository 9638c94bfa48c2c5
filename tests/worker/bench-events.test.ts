import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Types } from 'mongoose';
import { afterEach, describe, expect, it } from 'vitest';
import { sentDeliveries } from '../../scripts/bench-events/ledger.js';
import { load } from '../../scripts/bench-events/load.js';
import { benchPixels, type Pixel } from '../../scripts/bench-events/pixels.js';
import { DeliveryModel } from '../../src/models/delivery.js';
import { useHub } from '../support/hub.js';

useHub();

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A server whose answers have the status that this gives. @returns its base. */
async function serve(answer: (request: IncomingMessage) => number | Promise<number>): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    request.once('end', async () => response.writeHead(await answer(request)).end('x'));
  });
  server.listen(0, '127.0.0.1');
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('the load of bench:events', () => {
  it('makes each call once, tells the statuses, and counts only what succeeded', async () => {
    const seen: string[] = [];
    const url = await serve(({ method, url: path = '', headers }) => {
      seen.push(`${method} ${path} ${headers['user-agent']}`);
      return path === '/3' ? 503 : 200;
    });
    const calls = Array.from({ length: 50 }, (_, n) => ({ url: `${url}/${n}`, ...(n % 2 ? { body: 'b' } : {}) }));
    const answers = await load({ calls, lanes: 4, userAgent: 'bench' });
    const expected = calls.map((_, n) => `${n % 2 ? 'POST' : 'GET'} /${n} bench`);
    expect(seen.sort()).toEqual(expected.sort());
    expect([...answers.byStatus].sort()).toEqual([
      [200, 49],
      [503, 1],
    ]);
    expect(answers.p99Ms).toBeGreaterThan(0);
  });

  it('tells of calls that nobody answered', async () => {
    const answers = await load({ calls: [{ url: 'http://127.0.0.1:1/' }], lanes: 1, userAgent: 'bench' });
    expect([...answers.byStatus]).toEqual([[0, 1]]);
    expect(answers.perSecond).toBe(0);
  });

  it('is no faster than its pace, and counts the time from when a call was due', async () => {
    let asked = 0;
    // The first answer holds up the only connection for as long as three more are due.
    const url = await serve(async () => {
      if (asked++ > 0) return 200;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return 200;
    });
    const calls = Array.from({ length: 6 }, () => ({ url }));
    const startedAt = performance.now();
    const { p99Ms } = await load({ calls, lanes: 1, perSecond: 10, userAgent: 'bench' });
    expect(performance.now() - startedAt).toBeGreaterThan(499);
    expect(p99Ms).toBeGreaterThan(299);
  });
});

describe('the pixels of bench:events', () => {
  it('are lost where they were answered and no open is in the ledger', { timeout: 60_000 }, async () => {
    const deliveries = await sentDeliveries(new Types.ObjectId().toHexString(), 20);
    const forgotten = deliveries[7]?.toHexString();
    const url = await serve(async ({ url: path = '', headers }) => {
      const _id = path.slice(1);
      const field = headers['user-agent']?.includes('Chrome') ? 'openedAt' : 'machineOpenedAt';
      if (_id !== forgotten) await DeliveryModel.updateOne({ _id }, { [field]: new Date() });
      return 200;
    });
    const pixels: Pixel[] = deliveries.map((delivery) => ({ url: `${url}/${delivery.toHexString()}`, delivery }));
    expect(await benchPixels(pixels, 500)).toMatchObject({ pixelLost: 1, pixelP99Ms: expect.any(Number) });
    expect(await DeliveryModel.countDocuments({ openedAt: { $exists: true } })).toBe(19);
    const others = pixels.filter((_, n) => n !== 7);
    expect((await benchPixels(others)).pixelLost).toBe(0);
  });

  it('must all be answered', async () => {
    const [delivery = new Types.ObjectId()] = await sentDeliveries(new Types.ObjectId().toHexString(), 1);
    await expect(benchPixels([{ url: await serve(() => 404), delivery }])).rejects.toThrow('[[404,1]]');
  });
});
