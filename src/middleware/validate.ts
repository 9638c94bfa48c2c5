import express, { type Request, type RequestHandler, type Response } from 'express';
import { z } from 'zod';
import { type Attempt, soleAttempt } from '../attempt.js';
import { AppError, invalid, type Problem } from '../errors.js';
import type { Answer, Input, Operation } from '../schemas/operation.js';
import { problemsOf } from '../schemas/problems.js';
import { once } from '../services/idempotency.js';
import type { Caller, Tenant } from '../tenant.js';
import { keyedRequest } from './idempotency.js';

/** A request after every check: what the caller sent, validated, and who the caller is. */
export interface Call<O extends Operation> extends Input<O> {
  caller: Caller;
  tenant: Tenant;
  /** What an idempotent operation creates has its id. */
  attempt: Attempt;
  req: Request;
  res: Response;
}

/** The operation behind a handler, for the OpenAPI document. */
export const OPERATION = Symbol('operation');

/**
 * The last two handlers of a route: reads the JSON body, validates everything at once against the operation's schemas,
 * and answers `{ success: true, ... }` with what `answer` resolves to.
 */
export function handle<O extends Operation>(
  operation: O,
  answer: (call: Call<O>) => Promise<Answer<O>>,
): RequestHandler[] {
  const run: RequestHandler = async (req, res) => {
    const input = validated(operation, req);
    const { status = 200 } = operation;
    const perform = async (attempt: Attempt) => ({
      success: true,
      ...(await answer({ ...input, ...res.locals, attempt, req, res } as Call<O>)),
    });
    const keyed = keyedRequest(operation, req, res);
    if (!keyed) {
      res.status(status).json(await perform(soleAttempt()));
      return;
    }
    const reply = await once(keyed, async (attempt) => ({ status, body: JSON.stringify(await perform(attempt)) }));
    if (reply.isReplayed) res.setHeader('Idempotent-Replayed', 'true');
    res.status(reply.status).type('json').send(reply.body);
  };
  return [jsonBody(operation), Object.assign(run, { [OPERATION]: operation })];
}

/** For the few routes that answer in a form of their own: nothing but the mark that documents them. */
export function describe(operation: Operation): RequestHandler {
  const pass: RequestHandler = (_req, _res, next) => next();
  return Object.assign(pass, { [OPERATION]: operation });
}

/** What takes nothing is told so when it gets something: he who sends it believes that it matters. */
const NOTHING = z.strictObject({});

function jsonBody(operation: Operation): RequestHandler {
  const parse = express.json({ limit: operation.bodyLimit ?? '256kb', inflate: false });
  const readable = ['application/json', ...(operation.streams ?? [])];
  return (req, res, next) => {
    const hasBody =
      req.headers['content-length'] !== '0' && (req.headers['transfer-encoding'] ?? req.headers['content-length']);
    if (req.method === 'GET' || !hasBody) return next();
    if (!req.is(readable)) {
      const wanted = readable.join(', ');
      return next(new AppError('unsupported_media_type', 415, `Content-Type must be one of: ${wanted}`));
    }
    // RFC 8259 §8.1. The parser would take UTF-7 and UTF-16, too, which say another thing to whoever stands before the hub.
    if (req.is('application/json') && !isUtf8(req.headers['content-type'])) {
      return next(new AppError('unsupported_media_type', 415, 'The body must be uncompressed JSON in UTF-8'));
    }
    parse(req, res, next);
  };
}

function isUtf8(contentType = ''): boolean {
  const [, charset] = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(contentType) ?? [];
  return charset === undefined || /^utf-8$/i.test(charset);
}

function validated<O extends Operation>(operation: O, req: Request): Input<O> {
  const problems: Problem[] = [];
  const read = (schema: z.ZodType | undefined, value: unknown) => {
    if (!schema) return undefined;
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    problems.push(...problemsOf(result.error));
    return undefined;
  };
  const isStream = req.body === undefined && operation.streams !== undefined && Boolean(req.is([...operation.streams]));
  const input = {
    params: read(operation.params, req.params),
    query: read(operation.query ?? NOTHING, req.query),
    // No body at all is an empty object, so that the answer names the fields that are missing.
    body: isStream ? undefined : read(operation.body ?? NOTHING, req.body ?? {}),
  };
  if (problems.length > 0) throw invalid(problems);
  return input as Input<O>;
}
