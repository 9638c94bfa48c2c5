import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';

// Each file has a MongoDB database of its own, and each worker a Redis database of its own, so that files run side by
// side. Set before any module of the hub reads it.
const mongo = new URL(inject('mongodbUri'));
mongo.pathname = `/test-${randomBytes(6).toString('hex')}`;
const redis = new URL(inject('redisUrl'));
redis.pathname = `/${Number(process.env.VITEST_POOL_ID ?? 1) % 16}`;

Object.assign(process.env, {
  NODE_ENV: 'test',
  LOG_LEVEL: 'silent',
  MONGODB_URI: mongo.href,
  REDIS_URL: redis.href,
  SES_ENDPOINT: inject('sesEndpoint'),
  SNS_CERT_URL_PREFIX: inject('sns').url,
  PUBLIC_URL: 'https://hub.example.test',
  RATE_LIMITS: 'off',
});
