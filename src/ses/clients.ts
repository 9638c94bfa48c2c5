import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { SESClient } from '@aws-sdk/client-ses';
import { config } from '../config.js';
import type { SesCredentials } from './credentials.js';

/** A call that has not been answered by then is given up, and its outcome is unknown. */
export const CALL_TIMEOUT_MS = 15_000;

const CONNECT_TIMEOUT_MS = 5_000;

/** Steps of the SDK that do nothing here: they write to a logger that is not there, and look for AWS Lambda's headers. */
const IDLE_MIDDLEWARE = ['loggerMiddleware', 'recursionDetectionMiddleware'];

/**
 * A client that calls once: SES has no idempotency token, so the SDK's own retry of a reset or timed-out SendRawEmail
 * would mail a person twice. `sockets` bounds the calls under way.
 */
export function newSesClient(credentials: SesCredentials, sockets = 64): SESClient {
  const client = new SESClient(clientOptions(credentials, sockets));
  for (const name of IDLE_MIDDLEWARE) client.middlewareStack.remove(name);
  return client;
}

/** What every client of the hub is made with; `sockets` bounds the calls under way. */
export function clientOptions({ region, accessKeyId, secretAccessKey }: SesCredentials, sockets: number) {
  const endpoint = config().sesEndpoint;
  return {
    region,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
    // The steps of a call are the same for each: put together once a client, not once a message.
    cacheMiddleware: true,
    requestHandler: requestHandler(sockets),
    ...(endpoint ? { endpoint } : {}),
  };
}

function requestHandler(maxSockets: number) {
  const agent = { keepAlive: true, maxSockets };
  return {
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: CALL_TIMEOUT_MS,
    // Without it a request that is too late is only logged, and hangs.
    throwOnRequestTimeout: true,
    httpAgent: new HttpAgent(agent),
    httpsAgent: new HttpsAgent(agent),
  };
}
