import { getEventListeners, once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { startReceiver } from '../../../scripts/support/receiver.js';
import { createCaller } from '../../../src/webhooks/call.js';

const receiver = await startReceiver();
const caller = createCaller({ limitMs: 300 });
afterAll(() => caller.close());

const post = (path: string, signal?: AbortSignal) =>
  caller.post({ url: new URL(receiver.url(path)), isTrusted: true }, { 'webhook-id': 'x' }, '{"ä":1}', signal);

describe('a call', () => {
  it.each([200, 201, 204, 299])('succeeds by %i', async (status) => {
    receiver.answers('/ok', () => status);
    expect(await post('/ok')).toEqual({ httpStatus: status, durationMs: expect.any(Number) });
  });

  it.each([301, 302, 307, 308, 400, 404, 410, 429, 500, 503])('fails by %i, and follows nothing', async (status) => {
    receiver.answers('/fails', (_message, response) => {
      response.writeHead(status, { location: receiver.url('/followed') }).end('why');
      return undefined;
    });
    const outcome = await post('/fails');
    expect(outcome).toMatchObject({ httpStatus: status, body: 'why', failure: { error: 'status' } });
    expect(receiver.of('/followed')).toEqual([]);
  });

  it('has its limit for all of the exchange, also for an answer that never ends', async () => {
    receiver.answers('/silent', () => undefined);
    expect(await post('/silent')).toMatchObject({ failure: { error: 'timeout' } });
    receiver.answers('/drips', (_message, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(drip));
      return undefined;
    });
    const dripping = await post('/drips');
    expect(dripping).toMatchObject({ failure: { error: 'timeout' } });
    expect(dripping.durationMs).toBeLessThan(2_000);
  });

  it('ends also where the answer switches protocols, which is no success', async () => {
    const upgrade = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n';
    const switching = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.write(upgrade));
    }).listen(0, '127.0.0.1');
    await once(switching, 'listening');
    const { port } = switching.address() as AddressInfo;
    const outcome = await caller.post({ url: new URL(`http://127.0.0.1:${port}/`), isTrusted: true }, {}, '{}');
    expect(outcome).toMatchObject({ httpStatus: 101, failure: { error: 'status' } });
    switching.close();
  });

  it('leaves nothing in a signal that outlives it', async () => {
    receiver.answers('/listened', () => 200);
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 5 }, () => post('/listened', signal)));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(Object.getOwnPropertySymbols(signal).map(String)).not.toContain('Symbol(kDependantSignals)');
  });

  it('reads no further than it must, and keeps the beginning without control characters', async () => {
    receiver.answers('/endless', (_message, response) => {
      response.writeHead(500);
      response.write(`a\u0000\r\n${'é'.repeat(600)}`);
      const flood = setInterval(() => response.write('x'.repeat(10_000)), 1);
      response.on('close', () => clearInterval(flood));
      return undefined;
    });
    const { body, failure } = await post('/endless');
    expect(failure?.error).toBe('status');
    expect(body).toHaveLength(1_000);
    expect(body).toMatch(/^a {3}é+x+$/);
  });

  it('goes by a new connection where all the kept ones were closed by the other side', async () => {
    receiver.answers('/kept', () => 200);
    await Promise.all(Array.from({ length: 8 }, () => post('/kept')));
    await receiver.down();
    await receiver.up();
    expect(await post('/kept')).toMatchObject({ httpStatus: 200 });
  });

  it('that is given up from outside is neither a success nor a failure', async () => {
    receiver.answers('/given-up', () => undefined);
    const giving = new AbortController();
    const called = post('/given-up', giving.signal);
    giving.abort(new Error('the worker ends'));
    await expect(called).rejects.toThrow('the worker ends');
  });
});
