import { randomBytes } from 'node:crypto';
import { inject, vi } from 'vitest';
import { logFile } from './leaks/evidence.js';

// Each file has a MongoDB database of its own, and each worker a Redis database of its own, so that files run side by
// side. Set before any module of the hub reads it.
const mongo = new URL(inject('mongodbUri'));
mongo.pathname = `/test-${randomBytes(6).toString('hex')}`;
const redis = new URL(inject('redisUrl'));
redis.pathname = `/${Number(process.env.VITEST_POOL_ID ?? 1) % 16}`;

Object.assign(process.env, {
  NODE_ENV: 'test',
  LOG_LEVEL: 'trace',
  MONGODB_URI: mongo.href,
  REDIS_URL: redis.href,
  SES_ENDPOINT: inject('sesEndpoint'),
  SNS_CERT_URL_PREFIX: inject('sns').url,
  PUBLIC_URL: 'https://hub.example.test',
  RATE_LIMITS: 'off',
});

// Everything that is logged goes to a file: at the end of the run no secret may stand there.
vi.mock('pino', async (original) => {
  const real = await original<typeof import('pino')>();
  const toFile = (options: import('pino').LoggerOptions) =>
    real.pino(options, real.pino.destination({ dest: logFile(), sync: true }));
  return { ...real, pino: Object.assign(toFile, real.pino) };
});

// Nearly every test registers a business, and would pay 100 ms of a core for it: its password is hashed in 2^4 rounds instead
// of production's 2^11. Files about passwords `vi.unmock('bcrypt')`.
vi.mock('bcrypt', async (original) => {
  const real = await original<typeof import('bcrypt')>();
  return { ...real, hash: (password: string) => real.hash(password, 4) };
});
