import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type RedisOptions, type RedisService, startRedis } from '../../src/embedded/redis.js';
import { until } from '../support/until.js';
import { running } from './processes.js';

async function useRedis(options?: RedisOptions): Promise<RedisService> {
  const redis = await startRedis(options);
  onTestFinished(redis.close);
  return redis;
}

async function connect(url: string): Promise<Redis> {
  const client = new Redis(url);
  client.on('error', () => {});
  onTestFinished(() => client.disconnect());
  return client;
}

describe('the embedded Redis', () => {
  it('runs BullMQ and evicts nothing', async () => {
    const { url } = await useRedis();
    const client = await connect(url);
    expect(await client.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
    expect(await client.config('GET', 'bind')).toEqual(['bind', '127.0.0.1']);
    const done: number[] = [];
    const queue = new Queue('numbers', { connection: { url } });
    const worker = new Worker<{ n: number }>('numbers', async ({ data }) => done.push(data.n), {
      connection: { url, maxRetriesPerRequest: null },
      concurrency: 10,
    });
    onTestFinished(async () => {
      await worker.close();
      await queue.close();
    });
    await queue.addBulk(Array.from({ length: 200 }, (_, n) => ({ name: 'number', data: { n } })));
    await until(() => done.length === 200);
    expect(new Set(done).size).toBe(200);
  });

  it.each([
    [true, '42'],
    [false, null],
  ])('comes back on the same port after kill -9; append-only %s finds %s', async (appendOnly, expected) => {
    const redis = await useRedis({ appendOnly });
    const { url, pid } = redis;
    await (await connect(url)).set('answer', 42);
    await redis.kill();
    expect(redis.pid).toBeUndefined();
    expect(running([pid ?? 0])).toEqual([]);
    await redis.restart();
    expect(redis.url).toBe(url);
    expect(await (await connect(url)).get('answer')).toBe(expected);
  });

  it('names the three ways to get one where there is none', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'pmh-test-'));
    onTestFinished(() => rm(empty, { recursive: true }));
    vi.stubEnv('PATH', empty);
    vi.stubEnv('PMH_CACHE_DIR', empty);
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(startRedis()).rejects.toThrow(/package manager.*docker compose up -d.*REDIS_URL/s);
  });
});
