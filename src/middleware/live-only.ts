import type { RequestHandler } from 'express';
import { forbidden } from '../errors.js';

/**
 * Refuses test keys where mail would really go out: nothing they do may reach SES.
 * @param what completes "A test key cannot ...".
 */
export function liveOnly(what: string): RequestHandler {
  return (_req, res, next) => {
    if (res.locals.caller?.isTest) throw forbidden(`A test key cannot ${what}; that needs a live one`);
    next();
  };
}
