import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ZodError, z } from 'zod';
import { CONTROL_ROUTES, type ControlHandler } from './control-routes.js';
import type { SesState } from './state.js';

/** Answers a request to `/_local/...`, by which tests and benchmarks steer and read the local SES. */
export async function answerControl(
  state: SesState,
  request: IncomingMessage,
  response: ServerResponse,
  rawBody: Buffer,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://local');
  const route = findRoute(`${request.method} ${url.pathname}`);
  if (!route) return answerJson(response, 404, { message: `There is no ${request.method} ${url.pathname}` });
  const query = Object.fromEntries(url.searchParams);
  let result: unknown;
  try {
    const body: unknown = rawBody.length > 0 ? JSON.parse(rawBody.toString()) : undefined;
    result = await route.handler({ state, rest: route.rest, query, body });
  } catch (error) {
    if (error instanceof ZodError) return answerJson(response, 422, { message: z.prettifyError(error) });
    if (error instanceof SyntaxError) return answerJson(response, 400, { message: error.message });
    throw error;
  }
  if (result === undefined) return answerJson(response, 404, { message: 'Not found' });
  if (result instanceof Readable) {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    await pipeline(result, response);
    return;
  }
  if (Buffer.isBuffer(result)) {
    response.writeHead(200, { 'content-type': 'message/rfc822' }).end(result);
    return;
  }
  answerJson(response, 200, result);
}

function findRoute(called: string): { handler: ControlHandler; rest: string } | undefined {
  const exact = CONTROL_ROUTES[called];
  if (exact) return { handler: exact, rest: '' };
  const prefix = called.slice(0, called.lastIndexOf('/') + 1);
  const handler = CONTROL_ROUTES[prefix];
  return handler && { handler, rest: decodeURIComponent(called.slice(prefix.length)) };
}

function answerJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
