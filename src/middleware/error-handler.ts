import type { ErrorRequestHandler, RequestHandler } from 'express';
import { AppError, conflict, malformed, unavailable } from '../errors.js';
import { logger } from '../logger.js';
import { isDuplicateKey } from '../mongo.js';

/** What no route answered. */
export const noRoute: RequestHandler = () => {
  throw new AppError('not_found', 404, 'There is no such endpoint; GET /api/docs lists them all');
};

/** The one place where a failure becomes an answer. What is not known here is logged and answers a plain 500. */
export const errorHandler: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  const requestId = res.locals.requestId;
  const failure = toAppError(error);
  if (failure.status >= 500) logger().error({ err: failure.cause ?? failure, requestId }, failure.message);
  // An answer under way can only be cut off: Express closes the connection.
  if (res.headersSent) return next(error);
  const { errors, extra, retryAfterSeconds } = failure.details;
  if (retryAfterSeconds !== undefined) res.setHeader('Retry-After', String(Math.ceil(retryAfterSeconds)));
  res.status(failure.status).json({
    success: false,
    message: failure.message,
    code: failure.code,
    requestId,
    ...(errors ? { errors } : {}),
    ...extra,
  });
};

function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof URIError) return malformed('The URL is not properly encoded');
  if (isBodyError(error)) return bodyError(error);
  if (isDuplicateKey(error)) {
    return conflict(`There is one already with this ${Object.keys(error.keyPattern ?? {}).join(' and ')}`);
  }
  if (isOutage(error)) return unavailable('The service cannot reach its database right now; try again', error);
  return new AppError('internal_error', 500, 'Something went wrong on our side; the request id names it in the log', {
    cause: error,
  });
}

/** What body-parser throws: `type` says which of its checks failed. */
interface BodyError {
  type: string;
  status: number;
}

function isBodyError(error: unknown): error is BodyError {
  return error instanceof Error && 'type' in error && typeof error.type === 'string' && 'status' in error;
}

function bodyError(error: BodyError): AppError {
  if (error.type === 'entity.too.large') return new AppError('payload_too_large', 413, 'The body is too large');
  if (error.status === 415) {
    return new AppError('unsupported_media_type', 415, 'The body must be uncompressed JSON in UTF-8');
  }
  if (error.type === 'entity.parse.failed') return malformed('The body must be a JSON object');
  return malformed('The body could not be read');
}

const OUTAGES = /^(Mongo(ose)?(ServerSelection|Network|NetworkTimeout|NotConnected)Error|MaxRetriesPerRequestError)$/;

function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    OUTAGES.test(error.name) || /^(Stream isn't writeable|Connection is closed|Command timed out)/.test(error.message)
  );
}
