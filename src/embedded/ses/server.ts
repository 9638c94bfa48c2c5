import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerControl } from './control.js';
import { answer, readBody } from './http.js';
import { answerQuery } from './query-api.js';
import { answerRest, REST_PATH } from './rest-api.js';
import { answerLink } from './sns/links.js';
import { createState, type SesSettings, type SesState } from './state.js';

/** Longer than any client keeps an idle connection, so that none is closed under a send that is just starting. */
const KEEP_ALIVE_MS = 10 * 60 * 1000;

/** A local SES within this process. */
export interface SesServer {
  readonly state: SesState;
  /** Listens on 127.0.0.1 and answers the endpoint's URL; on a free port when none is given. */
  listen(port?: number): Promise<string>;
  /** Cuts every connection, also those that wait for an answer. */
  close(): Promise<void>;
}

/** Makes a local SES; it listens when told to. */
export function createSesServer(settings: SesSettings = {}): SesServer {
  const state = createState(settings);
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 }, (request, response) => {
    void handle(state, request, response).catch((error: unknown) => response.destroy(asError(error)));
  });
  return {
    state,
    async listen(port = 0) {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      const { port: actual } = server.address() as AddressInfo;
      state.sns.endpoint = `http://127.0.0.1:${actual}`;
      return state.sns.endpoint;
    },
    async close() {
      state.inbox.close();
      state.events.clear();
      state.sns.deliveries.close();
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function handle(state: SesState, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request);
  if (!body) {
    answer(response, 413, 'text/plain', 'Request Entity Too Large');
    return;
  }
  const { url = '/', method, headers } = request;
  if (url.startsWith('/_local/')) return answerControl(state, request, response, body);
  const call = { body, requestId: randomUUID() };
  if (url.startsWith(REST_PATH)) return answerRest(state, request, response, call);
  if (method === 'GET' && (await answerLink(state.sns, url, response))) return;
  await answerQuery(state, headers.authorization, response, call);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
