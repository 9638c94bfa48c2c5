import { setTimeout as sleep } from 'node:timers/promises';
import mongoose from 'mongoose';

/** Longer than anything of a caller's may be kept. */
const FORGOTTEN_MS = 1_200;
const CACHED = 50;
const COLD = 5;
const TRIES = 3;
/** A campaign by its id is one document. */
const OWN_READS = 1;

/** Reads of MongoDB a request that are not the answer's own. */
export interface AuthReads {
  cached: number;
  uncached: number;
}

/**
 * How often MongoDB is read to know who asks: by its own counters, around requests for a campaign by its id. Nobody else may
 * ask MongoDB meanwhile.
 * @param ask makes one such request. @throws whatever it throws.
 */
export async function authReads(ask: () => Promise<unknown>): Promise<AuthReads> {
  const cached: number[] = [];
  for (let round = 0; round < TRIES; round += 1) {
    await ask();
    cached.push(await readsOf(CACHED, ask));
  }
  const uncached = await readsOf(COLD, async () => {
    await sleep(FORGOTTEN_MS);
    await ask();
  });
  // What is kept runs out in the midst of a round now and then.
  return { cached: Math.min(...cached), uncached };
}

/** The reads of each of so many requests, but for the answer's own. */
async function readsOf(count: number, ask: () => Promise<unknown>): Promise<number> {
  const before = await reads();
  for (let n = 0; n < count; n += 1) await ask();
  return ((await reads()) - before) / count - OWN_READS;
}

/** `serverStatus.opcounters`: the finds, and the further batches of cursors. */
async function reads(): Promise<number> {
  const { opcounters } = (await mongoose.connection.db?.command({ serverStatus: 1 })) ?? {};
  return Number(opcounters.query) + Number(opcounters.getmore);
}
