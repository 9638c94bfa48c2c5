import type { Types } from 'mongoose';
import { AppError } from '../errors.js';
import { logger } from '../logger.js';
import { AuditEntryModel, type AuditOutcome } from '../models/audit-entry.js';
import { UserModel } from '../models/user.js';
import { JOURNALED } from '../mongo.js';
import type { Caller } from '../tenant.js';

/** An administrator, by a request. */
export interface UserActor {
  caller: Caller;
  requestId: string;
  /** What the request has in the log already, for it acts within a business; its middleware writes the outcome. */
  entry?: Types.ObjectId | undefined;
}

/** Who acts: an administrator, or whoever may run the hub's commands on its machine. */
export type Actor = UserActor | { command: string };

/** What is done. */
export interface Act {
  /** `noun.verb`. */
  action: string;
  business?: Types.ObjectId | undefined;
  /** For the reader of the log; never a secret. */
  detail?: Record<string, unknown> | undefined;
}

/**
 * Does something that an administrator answers for. It is in the log, journaled, before it is done, and gets its outcome
 * after: whatever dies in between leaves a visible `begun`, and nothing is done that the log does not know.
 * @throws what `work` throws, and MongoDB's error where the log cannot be written, with nothing done.
 */
export async function act<T>(actor: Actor, what: Act, work: () => Promise<T>): Promise<T> {
  if ('entry' in actor && actor.entry) {
    await name(actor.entry, what);
    return work();
  }
  const entry = await begin(actor, what);
  try {
    const result = await work();
    await conclude(entry, 'done');
    return result;
  } catch (error) {
    await conclude(entry, error instanceof AppError && error.status < 500 ? 'refused' : 'failed');
    throw error;
  }
}

/** Writes that something is about to be done. @returns the entry that `conclude` takes. */
export async function begin(actor: Actor, { action, business, detail }: Act): Promise<Types.ObjectId> {
  const entry = new AuditEntryModel({ ...(await signed(actor)), action, business, detail });
  await entry.save({ ...JOURNALED });
  return entry._id;
}

/** Says more exactly what is about to be done. */
async function name(entry: Types.ObjectId, { action, detail }: Act): Promise<void> {
  await AuditEntryModel.updateOne({ _id: entry }, { $set: { action, detail } }, { writeConcern: JOURNALED });
}

/** Writes how it ended. Never throws: it was done, and the log shows it as `begun`. */
export async function conclude(entry: Types.ObjectId, outcome: Exclude<AuditOutcome, 'begun'>): Promise<void> {
  const change = AuditEntryModel.updateOne({ _id: entry }, { $set: { outcome } }, { writeConcern: JOURNALED });
  await change.catch((err: unknown) => logger().error({ err, entry, outcome }, 'an outcome is not in the audit log'));
}

async function signed(actor: Actor) {
  if ('command' in actor) return { actorEmail: actor.command };
  const { caller, requestId } = actor;
  const user = await UserModel.findById(caller.id, { email: 1 }).lean();
  return { actor: caller.id, actorEmail: user?.email ?? 'unknown', requestId };
}
