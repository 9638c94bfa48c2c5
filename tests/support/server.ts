import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from 'vitest';
import { createApp } from '../../src/app.js';
import { createHubServer } from '../../src/http-server.js';

/** A request as it goes over the wire: nothing about it is tidied up. */
export interface Request {
  method: string;
  /** With the query; percent-encoded as it shall arrive. */
  path: string;
  headers?: Record<string, string>;
  body?: string | Buffer | undefined;
}

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/**
 * Serves the whole app for the length of the file, as the API's process does.
 * @param connections how many requests are under way at once, at most; more of them wait.
 * @returns what asks it.
 */
export function useServer(connections = 8): (request: Request) => Promise<Reply> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let port = 0;
  let close: () => Promise<unknown>;
  beforeAll(async () => {
    const server = createHubServer(createApp()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
    close = () => new Promise((resolve) => server.close(resolve));
  });
  afterAll(async () => {
    agent.destroy();
    await close();
  });
  return async ({ method, path, headers = {}, body }) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const sent = request({ host: '127.0.0.1', port, agent, method, path, headers: { ...length, ...headers } });
    sent.end(body);
    const [response] = await once(sent, 'response');
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    return { status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() };
  };
}

/** The JSON of an answer, or undefined where it is none. */
export function jsonOf({ text }: Pick<Reply, 'text'>): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
