import { type Halt, halt, readHalt, recentHalt, unhalt } from '../sending/halt.js';
import * as audit from './audit.js';

/** Stops all sending, of every business. @returns how it is now. */
export async function pause(actor: audit.UserActor, reason?: string): Promise<Halt> {
  return audit.act(
    actor,
    { action: 'sending.pause', detail: reason === undefined ? undefined : { reason } },
    async () => {
      await halt(actor.caller.id, reason);
      return readHalt();
    },
  );
}

/** Lets it go on. @returns how it is now. */
export async function resume(actor: audit.UserActor): Promise<Halt> {
  return audit.act(actor, { action: 'sending.resume' }, async () => {
    await unhalt(actor.caller.id);
    return readHalt();
  });
}

/** How it is, as a reader of campaigns should see it: at most half a second old. */
export const recent = recentHalt;

/** How it is at this moment. */
export const read = readHalt;
