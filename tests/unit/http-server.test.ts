import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHubServer } from '../../src/http-server.js';

let server: Server;

beforeAll(async () => {
  server = createHubServer((req, res) => {
    // An answer that begins before the body has come.
    if (req.url === '/early') res.write('begun ');
    req.on('end', () => res.end('done')).resume();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

/** Everything the server answers to these bytes, until it closes the connection. */
async function answerTo(bytes: string): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(bytes);
  return text(socket);
}

describe('what is no valid HTTP', () => {
  it.each([
    ['an unknown method', 'FOO / HTTP/1.1\r\nHost: hub\r\n\r\n', 400, 'malformed'],
    ['a bad Content-Length', 'POST / HTTP/1.1\r\nHost: hub\r\nContent-Length: x\r\n\r\n', 400, 'malformed'],
    ['another protocol', '\x16\x03\x01\x02\x00\x01\x00', 400, 'malformed'],
    ['large headers', `GET / HTTP/1.1\r\nHost: hub\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, 431, 'payload_too_large'],
    ['an unknown Expect', 'POST / HTTP/1.1\r\nHost: hub\r\nExpect: foo\r\n\r\n', 417, 'malformed'],
  ])('is answered in the shape of every failure: %s', async (_case, bytes, status, code) => {
    const [head = '', body = ''] = (await answerTo(bytes)).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head).toMatch(/^Connection: close$/m);
    const failure = JSON.parse(body);
    expect(failure).toEqual({ success: false, message: expect.any(String), code, requestId: expect.any(String) });
    expect(head).toContain(`X-Request-Id: ${failure.requestId}`);
    expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}`);
  });

  it('keeps the request id that came with an Expect', async () => {
    const answer = await answerTo('GET / HTTP/1.1\r\nHost: hub\r\nExpect: foo\r\nX-Request-Id: whisky-42\r\n\r\n');
    expect(answer).toContain('"requestId":"whisky-42"');
  });

  it('never gets a second answer into one that has begun', async () => {
    const answer = await answerTo(
      'POST /early HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n',
    );
    expect(answer).not.toContain('"success":false');
  });

  it('leaves others served', async () => {
    const answer = await answerTo('GET / HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK/);
  });
});
