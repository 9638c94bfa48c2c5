import type { RequestHandler } from 'express';
import { forbidden } from '../errors.js';

/** Marks a route that API keys cannot use, for the OpenAPI document. */
export const USERS_ONLY = Symbol('users only');

/**
 * Refuses API keys, whatever their permissions: one that was stolen must not be able to settle in.
 * @param what completes "An API key cannot ...".
 */
export function usersOnly(what: string): RequestHandler {
  const check: RequestHandler = (_req, res, next) => {
    if (res.locals.caller?.kind !== 'user') throw forbidden(`An API key cannot ${what}; sign in for that`);
    next();
  };
  return Object.assign(check, { [USERS_ONLY]: true });
}
