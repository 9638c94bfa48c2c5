import { setTimeout as sleep } from 'node:timers/promises';
import { type HubProcess, type HubProgram, startHubProcess } from './hub-process.js';
import { takeTurns } from './turns.js';

/** PM2 waits so long before it starts again what has ended, in ms. */
const RESTART_MS = 200;
/** A start is tried again for so long, in ms: a database may be away. */
const START_MS = 60_000;

/** A process of the hub that is started again when it dies, as PM2 does. */
export interface KeptProcess {
  /** Resolves when it is ready; nothing happens where it runs. @throws Error when it is not ready within a minute. */
  start(): Promise<void>;
  /** kill -9. It stays away until it is started. */
  kill(): Promise<void>;
  /** Ends it in order. It stays away until it is started. */
  end(): Promise<void>;
}

/** A kept process, and who is told when it dies by itself. */
export type KeptProgram = Omit<HubProgram, 'onDeath'>;

/** Keeps a process; it does not run before it is started. */
export function keepProcess(program: KeptProgram, onDeath: (error: Error) => void): KeptProcess {
  const { signal } = program;
  const inTurn = takeTurns();
  let isWanted = false;
  let running: HubProcess | undefined;

  const run = async () => {
    const deadline = performance.now() + START_MS;
    while (isWanted && !running) {
      try {
        running = await startHubProcess({ ...program, onDeath: died });
      } catch (error) {
        signal.throwIfAborted();
        if (performance.now() > deadline) throw error;
        await sleep(RESTART_MS, undefined, { signal });
      }
    }
  };
  const died = (error: Error) => {
    const dead = running;
    running = undefined;
    onDeath(error);
    // Whoever waits for it starts it as well, and gets the error.
    void inTurn(async () => {
      await dead?.close();
      await sleep(RESTART_MS);
      await run();
    }).catch(() => undefined);
  };
  const end = (how: 'kill' | 'close') => {
    isWanted = false;
    return inTurn(async () => {
      const ended = running;
      running = undefined;
      await ended?.[how]();
    });
  };
  return {
    start() {
      isWanted = true;
      return inTurn(run);
    },
    kill: () => end('kill'),
    end: () => end('close'),
  };
}
