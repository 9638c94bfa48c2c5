import type { Request, RequestHandler, Response } from 'express';
import { ipKeyGenerator, MemoryStore, type Options, rateLimit } from 'express-rate-limit';
import { type RedisReply, RedisStore } from 'rate-limit-redis';
import { config } from '../config.js';
import { AppError } from '../errors.js';
import { logger } from '../logger.js';
import { redis } from '../redis.js';
import type { Caller } from '../tenant.js';
import { within } from '../within.js';

const WINDOW_MS = 60_000;
/** Pages of the documentation a minute, by IP: each is the whole document, written out anew. */
const DOCS_PER_MINUTE = 120;
/** A count that takes longer, in ms, is given up: what is limited must not wait for the limit. */
const PATIENCE_MS = 250;
/** How long Redis is left alone, in ms, after it did not count. */
const REST_MS = 1_000;

/*
 * Who is limited, by what, and what holds while Redis does not count. None opens and none shuts: each process counts for
 * itself then, so that n processes let n times as much through. The groups are told with their reasons in docs/security.md.
 *
 *   sign-in  by IP                  POST /api/auth/... of whoever is not signed in: each guess at a password costs a bcrypt
 *   docs     by IP                  GET /api/docs, /api/openapi.json: a megabyte of text each
 *   business by business and plan   everything behind a sign-in; an administrator of the hub by himself
 *   none     -                      /api/health, /t, /u, /api/inbound
 */

/** Limits the attempts at signing in or up, by IP. */
export function authAttempts(): RequestHandler {
  return limitByIp('auth', config().authAttemptsPerMinute, 'Too many attempts; wait a minute');
}

/** Limits the reading of the documentation, by IP. */
export function docsViews(): RequestHandler {
  return limitByIp('docs', DOCS_PER_MINUTE, 'Too many requests for the documentation; wait a minute');
}

/**
 * Limits a business by its plan, all its users and keys together, and an administrator of the hub, whoever he acts for,
 * as the largest plan. Comes after `authenticate`, and asks nothing but Redis: the plan is the caller's.
 */
export function callerLimit(): RequestHandler {
  const limits = config().rateLimits;
  if (!limits) return unlimited;
  return limiter({
    identifier: (_req, res) => (businessOf(res) ? 'business' : 'user'),
    limit: (_req, res) => (businessOf(res) ? limits[callerOf(res).plan ?? 'free'] : limits.enterprise),
    keyGenerator: (_req, res) => (businessOf(res) ? `business:${businessOf(res)}` : `user:${callerOf(res).id}`),
    store: new Counters('pmh:rate:'),
    message: 'Your business sends more requests a minute than its plan allows; come back when Retry-After says',
  });
}

function limitByIp(group: string, limit: number, message: string): RequestHandler {
  if (!config().rateLimits) return unlimited;
  const keyGenerator = ({ ip = '' }: Request) => ipKeyGenerator(ip);
  return limiter({ identifier: group, limit, keyGenerator, store: new Counters(`pmh:${group}:`), message });
}

const unlimited: RequestHandler = (_req, _res, next) => next();

/** Headers as draft-ietf-httpapi-ratelimit-headers-08 has them, and `Retry-After` with the 429. */
function limiter({
  message,
  ...options
}: Pick<Options, 'identifier' | 'limit' | 'keyGenerator' | 'store'> & { message: string }): RequestHandler {
  return rateLimit({
    ...options,
    windowMs: WINDOW_MS,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    handler: (_req, _res, next) => next(new AppError('rate_limited', 429, message)),
    // The one that counts callers is made with the first of them, and kept.
    validate: { creationStack: false },
  });
}

function callerOf(res: Response): Caller {
  const { caller } = res.locals;
  if (!caller) throw new TypeError('Only a caller who is known can be counted');
  return caller;
}

const businessOf = (res: Response) => callerOf(res).businessId?.toHexString();

/** Counts in Redis, for all processes, in one round trip; and for this process alone while Redis does not. */
class Counters extends RedisStore {
  private readonly own = new MemoryStore();
  private restsUntil = 0;
  private isAway = false;

  constructor(prefix: string) {
    super({
      prefix,
      sendCommand: async (command, ...args) => (await redis().call(command, ...args)) as RedisReply,
    });
  }

  override async init(options: Options): Promise<void> {
    this.own.init(options);
    await super.init(options).catch(() => undefined);
  }

  override async increment(key: string) {
    if (performance.now() < this.restsUntil) return this.own.increment(key);
    try {
      const counted = await within(PATIENCE_MS, super.increment(key));
      this.isAway = false;
      return counted;
    } catch (err) {
      this.restsUntil = performance.now() + REST_MS;
      // The store keeps its script's load for good: had that failed once, every count after it would fail, too.
      this.incrementScriptSha = this.loadIncrementScript(key);
      this.incrementScriptSha.catch(() => undefined);
      if (!this.isAway) logger().warn({ err, group: this.prefix }, 'Redis does not count requests: this process does');
      this.isAway = true;
      return this.own.increment(key);
    }
  }
}
