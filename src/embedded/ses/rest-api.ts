import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Account } from './accounts.js';
import { identifyCaller } from './caller.js';
import { SesError } from './errors.js';
import { answer } from './http.js';
import { checkPermission } from './permissions.js';
import { REST_ROUTES } from './rest-routes.js';
import type { SesState } from './state.js';

/** Where SES v2 lives. */
export const REST_PATH = '/v2/email/';

/** A call of SES v2. */
export interface RestCall {
  account: Account;
  /** What stands behind the path's own part, decoded. */
  rest: string;
  query: URLSearchParams;
  body: unknown;
  /** The time, in milliseconds since 1970. */
  now: number;
}

/** An operation of SES v2 by its name; answers what goes out as JSON. */
export interface RestOperation {
  action: string;
  perform(call: RestCall): object;
}

/** Errors that SES v2 names otherwise than v1. */
const NAMES: Readonly<Record<string, string>> = {
  AccessDenied: 'AccessDeniedException',
  InvalidClientTokenId: 'UnrecognizedClientException',
  SignatureDoesNotMatch: 'InvalidSignatureException',
  ExpiredToken: 'ExpiredTokenException',
  MissingAuthenticationToken: 'MissingAuthenticationTokenException',
  Throttling: 'TooManyRequestsException',
};

/** Answers a call of SES v2, whose protocol is REST with JSON. */
export async function answerRest(
  state: SesState,
  request: IncomingMessage,
  response: ServerResponse,
  { body, requestId }: { body: Buffer; requestId: string },
): Promise<void> {
  try {
    const result = perform(state, request, body);
    answer(response, 200, 'application/json', JSON.stringify(result), requestId);
  } catch (error) {
    if (!(error instanceof SesError)) throw error;
    state.record.countRefusal(error.code);
    response.setHeader('x-amzn-errortype', NAMES[error.code] ?? error.code);
    answer(response, error.status, 'application/json', JSON.stringify({ message: error.message }), requestId);
  }
}

function perform(state: SesState, { method, url = '/', headers }: IncomingMessage, body: Buffer): object {
  const { pathname, searchParams } = new URL(url, 'http://local');
  const { operation, rest } = findOperation(`${method} ${pathname}`);
  const { action } = operation;
  state.record.countCall(action);
  const { accessKeyId, region } = identifyCaller(headers.authorization);
  const account = state.accounts.of(accessKeyId);
  const resource = `arn:aws:ses:${region}:${account.accountId}:*`;
  checkPermission(account, { service: 'ses', action, resource });
  const refusal = state.failures.takeRefusal({ action, accessKeyId, recipients: [] });
  if (refusal) throw refusal;
  return operation.perform({ account, rest, query: searchParams, body: parse(body), now: state.now() });
}

function findOperation(called: string): { operation: RestOperation; rest: string } {
  const exact = REST_ROUTES[called];
  if (exact) return { operation: exact, rest: '' };
  const prefix = called.slice(0, called.lastIndexOf('/') + 1);
  const operation = REST_ROUTES[prefix];
  if (!operation) throw new SesError('UnknownOperationException', `There is no ${called}`, 404);
  return { operation, rest: decodeURIComponent(called.slice(prefix.length)) };
}

function parse(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new SesError('SerializationException', 'The body is no JSON');
  }
}
