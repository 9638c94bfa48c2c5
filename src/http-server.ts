import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ErrorCode } from './errors.js';
import { logger } from './logger.js';
import { requestIdOf } from './middleware/request-log.js';

/** The longest a request's body may take, in ms: an import of a million people over a slow line. */
const UPLOAD_MS = 3_600_000;
/** How long a refused sender may go on sending before it is cut off: at once, and the answer would be lost with it. */
const LINGER_MS = 2_000;

interface Refusal {
  status: number;
  code: ErrorCode;
  message: string;
}

const UNREADABLE: Refusal = { status: 400, code: 'malformed', message: 'This is no valid HTTP request' };

const EXPECTATION: Refusal = {
  status: 417,
  code: 'malformed',
  message: 'The only Expect that is known is 100-continue',
};

/** By the `code` of the error that Node's parser gives (https://nodejs.org/api/http.html#event-clienterror). */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: 'payload_too_large',
    message: 'The URL and the headers are too large together',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    code: 'payload_too_large',
    message: 'The extensions of a chunk are too large',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: 'malformed',
    message: 'The request did not come in time',
  },
};

/** An HTTP server over the app, which answers in the contract's shape also where a request never gets to the app. */
export function createHubServer(app: RequestListener): Server {
  const server = createServer({ requestTimeout: UPLOAD_MS }, app);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const { code = '' } = error;
    if (isAnswering(socket)) return socket.destroy();
    // It is gone, or was answered already and still sends.
    if (code === 'ECONNRESET' || !socket.writable) return;
    const { status, headers, body } = refuse(REFUSALS[code] ?? UNREADABLE, randomUUID(), code);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  });
  server.on('checkExpectation', (req, res) => {
    const { status, headers, body } = refuse(EXPECTATION, requestIdOf(req), 'expectation');
    res.writeHead(status, headers).end(body);
  });
  return server;
}

/** Whether an answer has begun on this connection; Node's own handler looks there too, for a second would garble it. */
function isAnswering(socket: Duplex & { _httpMessage?: { headersSent: boolean } | null }): boolean {
  return socket._httpMessage?.headersSent ?? false;
}

/** The answer, whose connection is closed. The log gets the reason, never what was sent. */
function refuse({ status, code, message }: Refusal, requestId: string, reason: string) {
  logger().info({ requestId, status, reason }, 'refused before it was a request');
  const body = JSON.stringify({ success: false, message, code, requestId });
  const headers = {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'X-Request-Id': requestId,
    Connection: 'close',
  };
  return { status, headers, body };
}
