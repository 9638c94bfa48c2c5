import { createHash } from 'node:crypto';
import { Redis, type RedisOptions } from 'ioredis';
import { config } from './config.js';
import { logger } from './logger.js';

/** For BullMQ's workers, whose blocking reads must outlive any outage. */
export function workerRedis(): Redis {
  return connect({ maxRetriesPerRequest: null });
}

let shared: Redis | undefined;
let backAt = Number.NEGATIVE_INFINITY;

/**
 * Opens the connection of everybody who must not wait (rate limits, queues, the limiter): a command fails at once while
 * Redis is away, and after three seconds when it hangs.
 * @throws Error when Redis does not answer within 10 s.
 */
export async function connectRedis(): Promise<void> {
  shared = connect({ maxRetriesPerRequest: 1, enableOfflineQueue: false, commandTimeout: 3_000 });
  await untilReady(shared);
  backAt = await startedAt(shared);
  shared.on('ready', () => {
    backAt = performance.now();
  });
}

/** The connection that `connectRedis` opened. @throws Error before it. */
export function redis(): Redis {
  if (!shared) throw new Error('connectRedis() was not called');
  return shared;
}

/**
 * When Redis began to answer as it does now, as far as this process knows, on `performance.now()`'s clock: when it was
 * started, or when the shared connection came back after an outage.
 */
export function reconnectedAt(): number {
  return backAt;
}

/** Whether Redis answers a ping. Never throws. */
export async function isRedisUp(): Promise<boolean> {
  return (await shared?.ping().catch(() => undefined)) === 'PONG';
}

export async function disconnectRedis(): Promise<void> {
  shared?.disconnect();
  shared = undefined;
}

/** By the server's own word, whose seconds are whole: not earlier than it was. */
async function startedAt(redis: Redis): Promise<number> {
  const [, uptime] = /uptime_in_seconds:(\d+)/.exec(await redis.info('server')) ?? [];
  return performance.now() - Number(uptime ?? 0) * 1_000;
}

/** @throws Error when Redis has not answered within `timeoutMs`. */
async function untilReady(redis: Redis, timeoutMs = 10_000): Promise<void> {
  if (redis.status === 'ready') return;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      redis.off('ready', ready);
      reject(new Error(`Redis did not answer within ${timeoutMs} ms (REDIS_URL)`));
    }, timeoutMs);
    const ready = () => {
      clearTimeout(timer);
      resolve();
    };
    redis.once('ready', ready);
  });
}

function connect(options: RedisOptions): Redis {
  const redis = new Redis(config().redisUrl, {
    connectTimeout: 5_000,
    retryStrategy: (attempt) => Math.min(attempt * 100, 2_000),
    ...options,
  });
  let reported = false;
  redis.on('error', (err) => {
    // One line an outage, not one a reconnect.
    if (!reported) logger().error({ err }, 'Redis is away');
    reported = true;
  });
  redis.on('ready', () => {
    if (reported) logger().info('Redis is back');
    reported = false;
  });
  return redis;
}

/**
 * A Lua script as a function: sent once, then called by its hash; sent again to a Redis that forgot it.
 * @throws the Redis error of the call.
 */
export function script(lua: string): (keys: readonly string[], args: readonly (string | number)[]) => Promise<unknown> {
  const sha = createHash('sha1').update(lua).digest('hex');
  return async (keys, args) => {
    try {
      return await redis().evalsha(sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return redis().eval(lua, keys.length, ...keys, ...args);
    }
  };
}
