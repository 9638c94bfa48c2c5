import type { RequestListener } from 'node:http';
import mongoose from 'mongoose';
import request from 'supertest';
import { afterAll, beforeAll } from 'vitest';
import { createApp } from '../../src/app.js';
import { config } from '../../src/config.js';
import { connectMongo, disconnectMongo } from '../../src/mongo.js';
import { closeQueues, openQueues } from '../../src/queue/queues.js';
import { connectRedis, disconnectRedis, redis } from '../../src/redis.js';
import { watched } from './leaks/watched.js';

/** Connects the hub to this file's databases for the length of the file, and drops them after it. */
export function useHub(): void {
  beforeAll(async () => {
    await Promise.all([connectMongo(), connectRedis()]);
    await redis().flushdb();
    openQueues();
  });
  afterAll(async () => {
    await closeQueues();
    await disconnectRedis();
    await mongoose.connection.dropDatabase();
    await disconnectMongo();
  });
}

let app: RequestListener | undefined;

/** supertest over the whole app. Made once a file, for it keeps nothing but what limits have counted: anew for each call where there are any. */
export function api() {
  if (config().rateLimits || !app) app = watched(createApp());
  return request(app);
}
