import { createApp } from './app.js';
import { config } from './config.js';
import { createHubServer } from './http-server.js';
import { logger } from './logger.js';
import { connectMongo, disconnectMongo } from './mongo.js';
import { closeQueues, openQueues } from './queue/queues.js';
import { connectRedis, disconnectRedis } from './redis.js';
import { checkEncryptionKey } from './services/installation.js';
import { shutDownOnSignal } from './shutdown.js';
import { closeOpens } from './tracking/opens.js';

/** The API process: config → connect → listen → shut down. */
async function start(): Promise<void> {
  const { host, port } = config();
  await Promise.all([connectMongo(), connectRedis()]);
  await checkEncryptionKey();
  openQueues();

  const server = createHubServer(createApp());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });

  const closed = () => new Promise((resolve) => server.close(resolve));
  shutDownOnSignal([
    [
      'http',
      async () => {
        const done = closed();
        server.closeIdleConnections();
        await done;
      },
    ],
    // After the last request, while MongoDB is there.
    ['opens', closeOpens],
    ['queues', closeQueues],
    ['redis', disconnectRedis],
    ['mongodb', disconnectMongo],
  ]);
  logger().info({ address: server.address() }, 'the API listens');
  process.send?.('ready');
}

start().catch((error: unknown) => {
  process.stderr.write(`The API could not start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
