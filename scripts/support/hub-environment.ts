import { fileURLToPath } from 'node:url';
import type { Services } from '../../src/embedded/services.js';

/** The programs of the build. */
export const SERVER = fileURLToPath(new URL('../../dist/server.js', import.meta.url));
export const WORKER = fileURLToPath(new URL('../../dist/worker.js', import.meta.url));

/** Where the hub finds what it needs around it. */
export type HubSurroundings = Pick<Services, 'mongodbUri' | 'redisUrl' | 'sesEndpoint'>;

/**
 * The environment of a process of the hub. It has nothing of this machine's own settings but what a program needs: a hub
 * that is configured here stays apart.
 * @param overrides e.g. another LOG_LEVEL than `warn`.
 */
export function hubEnvironment(
  { mongodbUri, redisUrl, sesEndpoint }: HubSurroundings,
  port: number,
  overrides: NodeJS.ProcessEnv = {},
): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    TMPDIR: process.env.TMPDIR,
    NODE_ENV: 'development',
    // With open registration and the secrets of development it is for this machine alone.
    HOST: '127.0.0.1',
    PORT: String(port),
    PUBLIC_URL: `http://localhost:${port}`,
    MONGODB_URI: mongodbUri,
    REDIS_URL: redisUrl,
    SES_ENDPOINT: sesEndpoint,
    // The hub's own mail; the local SES takes any key.
    MASTER_SES_ACCESS_KEY: 'AKIALOCALHUB',
    MASTER_SES_SECRET_KEY: 'local-hub-secret',
    MASTER_SES_REGION: 'eu-west-1',
    SYSTEM_FROM_EMAIL: 'Power MTA Hub <hub@example.com>',
    // What the local SNS signs is believed.
    SNS_CERT_URL_PREFIX: sesEndpoint,
    // The domains here are made up: the local SES's word for them is enough, and nobody is asked about them.
    DOMAIN_PROOF: 'off',
    DNS_SERVERS: '127.0.0.1:9',
    LOG_LEVEL: 'warn',
    // What the SDK says of Node's version is for whoever runs the hub, not for whoever tries it.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    ...overrides,
  };
}
