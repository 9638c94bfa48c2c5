import { type Logger, pino } from 'pino';
import { config } from './config.js';

/** Fields that hold a secret, of a line or of an object in it. */
const SECRETS = [
  ...['password', 'currentPassword', 'newPassword', 'resetPasswordToken', 'token', 'key', 'secret', 'secretAccessKey'],
  ...['authorization', 'cookie', '["x-api-key"]'],
];

let root: Logger | undefined;

/**
 * The process's log: one JSON line an event on stdout. Callers pass ids, never bodies, addresses or secrets;
 * the redaction below is the net under that rule.
 */
export function logger(): Logger {
  root ??= pino({
    level: config().logLevel,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: SECRETS.flatMap((name) => [name, name.startsWith('[') ? `*${name}` : `*.${name}`]),
      censor: '[redacted]',
    },
    // A duplicate-key error carries the document's values, so of errors only these fields are written.
    serializers: { err: describeError },
  });
  return root;
}

function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack } = error;
  const code = 'code' in error ? error.code : undefined;
  if (code === 11000) return { name, code, message: 'duplicate key' };
  return { name, code, message, stack, ...(error.cause ? { cause: describeError(error.cause) } : {}) };
}
