import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import { logger } from '../logger.js';

const REQUEST_ID = /^[\w.:-]{1,128}$/;

/**
 * Gives the request its id (the caller's `X-Request-Id` where it is one) and writes one line when it is answered: with
 * the route's pattern (or that of the mount, where the request came no further), never the URL: tokens live in URLs.
 */
export const requestLog: RequestHandler = (req, res, next) => {
  const requestId = requestIdOf(req);
  const startedAt = performance.now();
  res.locals.requestId = requestId;
  res.setHeader('X-Request-Id', requestId);
  res.on('close', () => {
    logger().info(
      {
        requestId,
        method: req.method,
        route: routeOf(req, res),
        status: res.statusCode,
        ms: Math.round(performance.now() - startedAt),
        businessId: res.locals.tenant?.businessId,
        ...(res.writableFinished ? {} : { aborted: true }),
      },
      'request',
    );
  });
  next();
};

/** The caller's `X-Request-Id`, or a new id where that is none. */
export function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

function routeOf({ route }: Request, { locals: { mount } }: Response): string {
  if (route) return `${mount ?? ''}${route.path}`;
  return mount ? `${mount}/*` : 'unmatched';
}
