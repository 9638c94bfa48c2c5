import type { Request, RequestHandler } from 'express';
import { unauthenticated } from '../errors.js';
import * as apiKeys from '../services/api-keys.js';
import * as auth from '../services/auth.js';
import type { Caller } from '../tenant.js';
import { callerLimit } from './rate-limit.js';

/**
 * Finds out who asks and leaves it in `res.locals.caller`: a user by `Authorization: Bearer <JWT>`, a sibling project by
 * an API key there or in `X-API-Key`. A 401 carries the challenge that RFC 6750 §3 asks for. Whoever is known is counted
 * here, so that no route behind a sign-in can forget it.
 */
export const authenticate: RequestHandler = async (req, res, next) => {
  const credential = credentialOf(req);
  const caller = credential ? await callerOf(credential) : undefined;
  if (!caller) {
    res.setHeader('WWW-Authenticate', credential ? 'Bearer error="invalid_token"' : 'Bearer');
    throw unauthenticated(credential ? 'The token or API key is not valid, or not any more' : undefined);
  }
  res.locals.caller = caller;
  countCaller ??= callerLimit();
  await countCaller(req, res, next);
};

let countCaller: RequestHandler | undefined;

interface Credential {
  kind: 'token' | 'key';
  text: string;
}

/** A bearer wins over `X-API-Key`; another scheme in `Authorization` may be a proxy's and says nothing to the hub. */
function credentialOf(req: Request): Credential | undefined {
  const [, bearer] = /^Bearer +(\S+) *$/i.exec(req.get('authorization') ?? '') ?? [];
  if (bearer) return { kind: bearer.startsWith('pmh_') ? 'key' : 'token', text: bearer };
  const key = req.get('x-api-key')?.trim();
  return key ? { kind: 'key', text: key } : undefined;
}

function callerOf({ kind, text }: Credential): Promise<Caller | undefined> {
  return kind === 'key' ? apiKeys.callerOf(text) : auth.callerOf(text);
}
