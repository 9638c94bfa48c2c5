import type { RequestHandler } from 'express';
import { type Options, rateLimit } from 'express-rate-limit';
import { type RedisReply, RedisStore } from 'rate-limit-redis';
import { config } from '../config.js';
import { AppError } from '../errors.js';
import { logger } from '../logger.js';
import { redis } from '../redis.js';

const WINDOW_MS = 60_000;

/**
 * Limits the attempts at signing in or up, by IP, for all processes together: AUTH_ATTEMPTS_PER_MINUTE, then a 429.
 * The headers are those of the IETF's draft-ietf-httpapi-ratelimit-headers-08.
 *
 * It fails open: while Redis is away people can still sign in, unlimited. The limit only spares the processor; each
 * guess at a password costs a bcrypt all the same, and a closed door would turn an outage of Redis into one of the hub.
 */
export function authAttempts(): RequestHandler {
  return rateLimit({
    windowMs: WINDOW_MS,
    limit: config().authAttemptsPerMinute,
    identifier: 'auth',
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    passOnStoreError: true,
    store: new Counters({
      prefix: 'pmh:attempts:',
      sendCommand: async (command, ...args) => (await redis().call(command, ...args)) as RedisReply,
    }),
    logger: {
      warn: (err: unknown) => logger().warn({ err }, 'rate limit'),
      error: (err: unknown) => logger().warn({ err }, 'the limit on sign-in attempts is off: Redis did not count'),
    },
    // `Retry-After` is set already.
    handler: (_req, _res, next) => next(new AppError('rate_limited', 429, 'Too many attempts; wait a minute')),
  });
}

/**
 * The store keeps the promise of its script's load for good; had that failed once (Redis was away at the time), every
 * count after it would fail too. So a failed count loads the script again, for the next one.
 */
class Counters extends RedisStore {
  override async init(options: Options): Promise<void> {
    await super.init(options).catch(() => undefined);
  }

  override async increment(key: string) {
    try {
      return await super.increment(key);
    } catch (error) {
      this.incrementScriptSha = this.loadIncrementScript(key);
      this.incrementScriptSha.catch(() => undefined);
      throw error;
    }
  }
}
