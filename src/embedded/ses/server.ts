import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ACTIONS } from './actions.js';
import { identifyCaller } from './caller.js';
import { answerControl } from './control.js';
import { SesError } from './errors.js';
import { errorXml, NAMESPACES, QueryRequest, successXml } from './query-protocol.js';
import { SEND_ACTIONS, type SendAction, type SendOutcome, send } from './sending.js';
import { createState, type SesSettings, type SesState } from './state.js';

/** A 10 MB message as base64, every character of it percent-encoded, and the other parameters. */
const MAX_BODY_BYTES = 44 * 1024 * 1024;
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
      return `http://127.0.0.1:${actual}`;
    },
    async close() {
      state.inbox.close();
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
  if (request.url?.startsWith('/_local/')) {
    await answerControl(state, request, response, body);
    return;
  }
  const requestId = randomUUID();
  try {
    await answerAction(state, request, response, { body, requestId });
  } catch (error) {
    if (!(error instanceof SesError)) throw error;
    state.record.countRefusal(error.code);
    answer(response, error.status, 'text/xml', errorXml(error, requestId), requestId);
  }
}

async function answerAction(
  state: SesState,
  request: IncomingMessage,
  response: ServerResponse,
  { body, requestId }: { body: Buffer; requestId: string },
): Promise<void> {
  const query = new QueryRequest(body);
  const action = query.get('Action') ?? '';
  state.record.countCall(action);
  const caller = identifyCaller(request.headers.authorization);
  if (isSend(action)) {
    const outcome = await send(state, caller, action, query);
    await answerSend(response, action, outcome, requestId);
    return;
  }
  const perform = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
  if (!perform) throw new SesError('InvalidAction', `Could not find operation ${action}`);
  const refusal = state.failures.takeRefusal({ action, accessKeyId: caller.accessKeyId, recipients: [] });
  if (refusal) throw refusal;
  const result = perform(state.accounts.of(caller.accessKeyId), query);
  const namespace = action === 'GetCallerIdentity' ? NAMESPACES.sts : NAMESPACES.ses;
  answer(response, 200, 'text/xml', successXml(action, result, requestId, namespace), requestId);
}

async function answerSend(
  response: ServerResponse,
  action: SendAction,
  { messageId, loss, latencyMs }: SendOutcome,
  requestId: string,
): Promise<void> {
  if (loss?.kind === 'drop') {
    response.destroy();
    return;
  }
  if (loss?.kind === 'stall' && loss.delayMs === undefined) return;
  if (loss?.kind === 'half-answer') {
    response.writeHead(200, { 'content-type': 'text/xml', 'content-length': 500 });
    response.write(`<${action}Response`);
    return;
  }
  const waitMs = latencyMs + (loss?.kind === 'stall' ? (loss.delayMs ?? 0) : 0);
  if (waitMs > 0) await delay(waitMs);
  if (loss?.kind === 'bad-gateway' || messageId === undefined) {
    answer(
      response,
      502,
      'text/html',
      '<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>',
    );
    return;
  }
  answer(response, 200, 'text/xml', successXml(action, `<MessageId>${messageId}</MessageId>`, requestId), requestId);
}

function answer(response: ServerResponse, status: number, type: string, body: string, requestId = ''): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    ...(requestId && { 'x-amzn-requestid': requestId }),
  });
  response.end(body);
}

/** The body, or undefined when it is too large; the rest of a large one is read and forgotten. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
    });
    request.on('end', () => resolve(bytes <= MAX_BODY_BYTES ? join(chunks) : undefined));
    request.on('error', reject);
  });
}

function join(chunks: Buffer[]): Buffer {
  const [only] = chunks;
  return chunks.length === 1 && only ? only : Buffer.concat(chunks);
}

function isSend(action: string): action is SendAction {
  return (SEND_ACTIONS as readonly string[]).includes(action);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
