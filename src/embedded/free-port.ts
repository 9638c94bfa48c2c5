import { once } from 'node:events';
import { createServer } from 'node:net';

const ATTEMPTS = 5;

/** A TCP port of 127.0.0.1 that nobody listens on now. See {@link retryTakenPort}. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('The system gave out no TCP port');
  return address.port;
}

/**
 * Starts a server, again and up to five times where another process took its port meanwhile: as a listener, or as the
 * near end of a connection, for which the system gives out the same ports.
 */
export async function retryTakenPort(start: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start();
    } catch (error) {
      const isTaken = error instanceof Error && /already in use/i.test(error.message);
      if (!isTaken || attempt === ATTEMPTS) throw error;
    }
  }
}
