/** Every `code` a failure can carry: part of the HTTP contract, so a client may switch on it. */
export const ERROR_CODES = [
  'malformed',
  'unauthenticated',
  'forbidden',
  'business_inactive',
  'not_found',
  'conflict',
  'invalid_transition',
  'import_in_progress',
  'idempotency_in_flight',
  'payload_too_large',
  'unsupported_media_type',
  'validation_failed',
  'idempotency_mismatch',
  'suppressed',
  'domain_not_verified',
  'ses_not_configured',
  'preflight_failed',
  'business_required',
  'rate_limited',
  'quota_exceeded',
  'unavailable',
  'internal_error',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** One thing wrong with the input. `path` is dotted, e.g. `recipients.3.email`; empty for the whole. */
export interface Problem {
  path: string;
  message: string;
}

interface Details {
  errors?: Problem[];
  /** Further fields of the failure's body, e.g. the report of an import that broke off. */
  extra?: Record<string, unknown>;
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** A failure the caller is told about: everything else that is thrown answers a plain 500. */
export class AppError extends Error {
  constructor(
    readonly code: ErrorCode,
    readonly status: number,
    message: string,
    readonly details: Details = {},
  ) {
    super(message, { cause: details.cause });
    this.name = 'AppError';
  }
}

export const malformed = (message: string) => new AppError('malformed', 400, message);
export const unauthenticated = (message = 'Sign in, or send an API key') =>
  new AppError('unauthenticated', 401, message);
export const forbidden = (message: string) => new AppError('forbidden', 403, message);
export const businessInactive = () =>
  new AppError('business_inactive', 403, 'This business is suspended or cancelled; ask the administrator of the hub');
export const notFound = (noun: string) => new AppError('not_found', 404, `There is no such ${noun}`);
export const conflict = (message: string) => new AppError('conflict', 409, message);
export const invalidTransition = (message: string) => new AppError('invalid_transition', 409, message);
export const sesNotConfigured = () =>
  new AppError('ses_not_configured', 422, 'Connect an SES account first: PUT /api/business/ses');
export const unavailable = (message: string, cause?: unknown) => new AppError('unavailable', 503, message, { cause });

/** 422: the request was understood and is wrong; `errors` names every problem at once. */
export const invalid = (errors: Problem[], message = summary(errors)) =>
  new AppError('validation_failed', 422, message, { errors });

function summary(errors: Problem[]): string {
  const [first] = errors;
  if (!first) return 'The request is not valid';
  const where = first.path ? `${first.path}: ` : '';
  return errors.length === 1 ? `${where}${first.message}` : `${where}${first.message} (and ${errors.length - 1} more)`;
}
