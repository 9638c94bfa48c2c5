import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A message as it came in. */
export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** When it had come, in ms. */
  at: number;
  /** The `webhook-id`. */
  id: string;
  /** What it was answered; absent where it got no answer. */
  status?: number;
}

/** What a receiver does with a message: answers with this status, or in a way of its own. */
export type Answer = (message: Received, response: ServerResponse) => number | undefined;

/** Who is told by webhooks, on a port of this machine. */
export interface Receiver {
  /** `127.0.0.1:port`, as WEBHOOK_ALLOWED_TARGETS wants it. */
  target: string;
  url(path: string): string;
  /** What came so far, in order. */
  received: Received[];
  /** Those of a path. */
  of(path: string): Received[];
  /** How a path answers; 200 where nothing is said. */
  answers(path: string, answer: Answer): void;
  /** Nobody listens. */
  down(): Promise<void>;
  up(): Promise<void>;
}

/** Starts a receiver. It ends with the process. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const answers = new Map<string, Answer>();
  const server = createServer(async (request, response) => {
    let body = '';
    try {
      for await (const chunk of request) body += chunk;
    } catch {
      return;
    }
    const { url: path = '', headers } = request;
    const message: Received = { path, headers, body, at: Date.now(), id: String(headers['webhook-id']) };
    received.push(message);
    const answer = answers.get(path);
    const status = answer ? answer(message, response) : 200;
    if (status === undefined) return;
    message.status = status;
    response.writeHead(status).end();
  });
  server.unref();
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const target = `127.0.0.1:${port}`;
  return {
    target,
    url: (path) => `http://${target}${path}`,
    received,
    of: (path) => received.filter((one) => one.path === path),
    answers: (path, answer) => answers.set(path, answer),
    async down() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
    up: () => listen(port),
  };
}
