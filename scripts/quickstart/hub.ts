import { findFreePort, retryTakenPort } from '../../src/embedded/free-port.js';
import { type HubSurroundings, hubEnvironment, SERVER, WORKER } from '../support/hub-environment.js';
import { type HubProcess, startHubProcess } from '../support/hub-process.js';

/** Where the hub listens unless somebody else does. */
const USUAL_PORT = 5_002;

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
  services: HubSurroundings;
  signal: AbortSignal;
  /** Told when the usual port is busy. */
  say(line: string): void;
  /** Settings beyond those of a hub on this machine. */
  env?: NodeJS.ProcessEnv;
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
    const env = hubEnvironment(options.services, port, options.env);
    api = await startHubProcess({ name: 'API', file: SERVER, env, signal, onDeath });
  });
  const env = hubEnvironment(options.services, port, options.env);
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
