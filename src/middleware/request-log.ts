import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import { logger } from '../logger.js';

const REQUEST_ID = /^[\w.:-]{1,128}$/;

/**
 * Gives the request its id (the caller's `X-Request-Id` where it is one) and writes one line when it is answered: with
 * the route's pattern, never the URL, because tokens live in URLs.
 */
export const requestLog: RequestHandler = (req, res, next) => {
  const given = req.get('x-request-id');
  const requestId = given && REQUEST_ID.test(given) ? given : randomUUID();
  const startedAt = performance.now();
  res.locals.requestId = requestId;
  res.setHeader('X-Request-Id', requestId);
  res.on('close', () => {
    logger().info(
      {
        requestId,
        method: req.method,
        route: req.route ? `${res.locals.mount}${req.route.path}` : 'unmatched',
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
