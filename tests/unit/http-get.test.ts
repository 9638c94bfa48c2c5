import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { getText } from '../../src/http-get.js';

const ANSWERS: Record<string, (response: ServerResponse) => void> = {
  '/small': (response) => response.end('small'),
  '/missing': (response) => response.writeHead(404).end('small'),
  '/elsewhere': (response) => response.writeHead(302, { Location: '/small' }).end(),
  '/huge': (response) => response.end('x'.repeat(1_001)),
  '/packed': (response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync('x'.repeat(1_001))),
  '/silent': () => undefined,
  '/endless': (response) => response.writeHead(200).write('x'),
};

const asked: string[] = [];
const server = createServer(({ url = '' }, response) => {
  asked.push(url);
  ANSWERS[url]?.(response);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

afterAll(() => {
  server.close();
  server.closeAllConnections();
});

const get = (path: string) => getText(`${base}${path}`, { limitMs: 1_000, maxBytes: 1_000 });

describe('the text behind a URL', () => {
  it('is taken from a 200', async () => {
    expect(await get('/small')).toBe('small');
  });

  it.each(['/missing', '/elsewhere', '/huge', '/packed', '/silent', '/endless'])(
    'is not taken from %s',
    async (path) => {
      const startedAt = performance.now();
      asked.length = 0;
      await expect(get(path)).rejects.toThrow();
      expect(asked).toEqual([path]);
      expect(performance.now() - startedAt).toBeLessThan(3_000);
    },
  );
});
