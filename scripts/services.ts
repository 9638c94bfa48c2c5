/**
 * `npm run services`: a MongoDB, a Redis, a local SES and a web inbox, for as long as this runs. One line of JSON on
 * standard output says where they are when all of them are up; MONGODB_URI and REDIS_URL name what runs already. Ends on
 * SIGINT, SIGTERM and SIGHUP, and when the process that started it is gone.
 */
import { startServices } from '../src/embedded/services.js';
import { onOwnerGone } from './owner.js';

const stopping = new AbortController();
const { signal } = stopping;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stopping.abort());
onOwnerGone(() => stopping.abort());

try {
  const services = await startServices({
    mongodbUri: process.env.MONGODB_URI,
    redisUrl: process.env.REDIS_URL,
    progress: (message) => process.stderr.write(`${message}\n`),
    signal,
  });
  const { mongodbUri, redisUrl, sesEndpoint, inboxUrl } = services;
  process.stdout.write(`${JSON.stringify({ mongodbUri, redisUrl, sesEndpoint, inboxUrl })}\n`);
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  await services.close();
} catch (error) {
  if (!signal.aborted) throw error;
}
