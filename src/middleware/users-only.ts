import type { RequestHandler } from 'express';
import { forbidden } from '../errors.js';

/**
 * Refuses API keys, whatever their permissions: one that was stolen must not be able to settle in.
 * @param what completes "An API key cannot ...".
 */
export function usersOnly(what: string): RequestHandler {
  return (_req, res, next) => {
    if (res.locals.caller?.kind !== 'user') throw forbidden(`An API key cannot ${what}; sign in for that`);
    next();
  };
}
