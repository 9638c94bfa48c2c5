import { setFlagsFromString } from 'node:v8';
import { config } from './config.js';
import { logger } from './logger.js';
import { connectMongo, disconnectMongo } from './mongo.js';
import { closeQueues, openQueues } from './queue/queues.js';
import { startWorkers } from './queue/workers.js';
import { connectRedis, disconnectRedis } from './redis.js';
import { checkEncryptionKey } from './services/installation.js';
import { shutDownOnSignal } from './shutdown.js';

/** The worker process: config → connect → take work → shut down. Any number of them may run. */
async function start(): Promise<void> {
  // Messages are garbage that lives for one call. Left to itself V8 lets the heap grow to some 280 MB before it looks;
  // collecting when it has grown by 120 % holds it near 200 MB at the same CPU a message (npm run bench:drain).
  setFlagsFromString('--heap-growing-percent=120');
  const { workerConcurrency } = config();
  await Promise.all([connectMongo(), connectRedis()]);
  await checkEncryptionKey();
  openQueues();
  const workers = startWorkers();
  shutDownOnSignal([
    ['workers', workers.close],
    ['queues', closeQueues],
    ['redis', disconnectRedis],
    ['mongodb', disconnectMongo],
  ]);
  logger().info({ concurrency: workerConcurrency }, 'the worker takes work');
  process.send?.('ready');
}

start().catch((error: unknown) => {
  process.stderr.write(`The worker could not start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
