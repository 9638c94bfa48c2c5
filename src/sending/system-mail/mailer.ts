import { setTimeout as sleep } from 'node:timers/promises';
import { config } from '../../config.js';
import type { SystemMail } from '../../models/system-mail.js';
import { type MasterGateway, openMaster } from '../../ses/master.js';
import * as limiter from '../limits/limiter.js';
import type { Periodic } from '../upkeep/periodic.js';
import { claim, countDue, discard, expire, giveBack, isWanted } from './ledger.js';
import { post } from './post.js';

/** Messages of one round under way at once. */
const AT_ONCE = 16;

/** A slot of the account's rate is lost when its call is so late, in ms: it would crowd those that follow. */
const LATE_MS = 250;

/**
 * Sends the hub's own mail, by its own SES account and within that account's rate. Two workers may do it at once: each
 * message is claimed. Nothing is lost with a killed one.
 * @param signal aborted when the worker ends: no further call begins.
 */
export function createSystemMailer(signal: AbortSignal): Required<Pick<Periodic, 'round' | 'idle'>> {
  let master: MasterGateway | undefined;
  return {
    async round() {
      await expire();
      const credentials = config().masterSes;
      if (!credentials) return;
      for (let due = await countDue(AT_ONCE); due > 0 && !signal.aborted; due = await countDue(AT_ONCE)) {
        master ??= await openMaster(credentials);
        const slots = await limiter.acquire({ account: master.account, lane: 'transactional' }, due, master.quota);
        // Others use the account, its day is used up, or its answers are unclear: the next round asks again.
        if (slots.granted === 0) return;
        await sendIn(slots, master, signal);
      }
    },
    async idle() {
      master?.close();
      master = undefined;
    },
  };
}

async function sendIn(slots: limiter.Slots, master: MasterGateway, signal: AbortSignal): Promise<void> {
  const ends = await Promise.allSettled(
    Array.from({ length: slots.granted }, async (_, n) => {
      const mail = await claim();
      if (mail) await sendAt(slots.from + n * slots.spacingMs, mail, { master, slots, signal });
    }),
  );
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}

interface Way {
  master: MasterGateway;
  slots: limiter.Slots;
  signal: AbortSignal;
}

async function sendAt(slot: number, mail: SystemMail, { master, slots, signal }: Way): Promise<void> {
  if (!(await isWanted(mail))) return discard(mail);
  const early = slot - performance.now();
  // At most the limiter's horizon, so an ending worker waits no longer than that.
  if (early > 1) await sleep(early);
  if (signal.aborted || performance.now() > slot + LATE_MS - slots.uncertainMs) return giveBack(mail);
  await post(master, mail, slots.isWatched);
}
