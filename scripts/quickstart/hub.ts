import { fileURLToPath } from 'node:url';
import { findFreePort, retryTakenPort } from '../../src/embedded/free-port.js';
import type { Services } from '../../src/embedded/services.js';
import { type HubProcess, startHubProcess } from './hub-process.js';

/** Where the hub listens unless somebody else does. */
const USUAL_PORT = 5_002;

const SERVER = fileURLToPath(new URL('../../dist/server.js', import.meta.url));
const WORKER = fileURLToPath(new URL('../../dist/worker.js', import.meta.url));

/** The API and a worker, as they run in production, over the quickstart's services. */
export interface Hub {
  /** `http://localhost:<port>`. */
  url: string;
  /** The environment of both processes. */
  env: NodeJS.ProcessEnv;
  /** The end of what they wrote. */
  lastOutput(): string;
  /** Ends both in order, side by side. */
  close(): Promise<void>;
}

/** What the hub is started with. */
export interface HubOptions {
  services: Pick<Services, 'mongodbUri' | 'redisUrl' | 'sesEndpoint'>;
  signal: AbortSignal;
  /** Told when the usual port is busy. */
  say(line: string): void;
  /** Told when one of the processes ends by itself. */
  onDeath(error: Error): void;
}

/** Starts both. @throws Error with the last output of the one that did not come up. */
export async function startHub(options: HubOptions): Promise<Hub> {
  const { signal, onDeath, say } = options;
  let port = 0;
  let api: HubProcess | undefined;
  await retryTakenPort(async () => {
    port = port === 0 ? USUAL_PORT : await anotherPort(say);
    const env = environment(options.services, port);
    api = await startHubProcess({ name: 'API', file: SERVER, env, signal, onDeath });
  });
  const env = environment(options.services, port);
  const worker = await startHubProcess({ name: 'worker', file: WORKER, env, signal, onDeath }).catch(
    async (error: unknown) => {
      await api?.close();
      throw error;
    },
  );
  const processes = [api, worker].filter((started) => started !== undefined);
  return {
    url: `http://localhost:${port}`,
    env,
    lastOutput: () => processes.map((started) => started.lastOutput()).join(''),
    close: async () => {
      await Promise.all(processes.map((started) => started.close()));
    },
  };
}

async function anotherPort(say: HubOptions['say']): Promise<number> {
  const port = await findFreePort();
  say(`Port ${USUAL_PORT} is busy, so the API listens on ${port} instead.`);
  return port;
}

/** Nothing of this machine's own settings but what a program needs: a hub that is configured here stays apart. */
function environment({ mongodbUri, redisUrl, sesEndpoint }: HubOptions['services'], port: number): NodeJS.ProcessEnv {
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
    LOG_LEVEL: 'warn',
    // What the SDK says of Node's version is for whoever runs the hub, not for whoever tries it.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
}
