import { type SystemMail, SystemMailModel } from '../../models/system-mail.js';
import { UserModel } from '../../models/user.js';

/** A claimed message is another worker's when nothing was heard of it for so long, in ms: longer than slot and call take. */
const CLAIM_MS = 60_000;

const BACKOFF_MS = 5_000;
const LONGEST_BACKOFF_MS = 300_000;

const isDue = (now: Date) => ({ status: 'waiting', dueAt: { $lte: now } }) as const;

/** How many messages are due, up to `most`. */
export function countDue(most: number): Promise<number> {
  return SystemMailModel.countDocuments(isDue(new Date())).limit(most);
}

/**
 * Claims the message that is due longest: one write, which one worker at a time comes out of with it. A killed worker's is
 * due again after a minute, and may go out twice: a second copy of such a mail does no harm.
 */
export async function claim(): Promise<SystemMail | null> {
  const now = new Date();
  return SystemMailModel.findOneAndUpdate(
    isDue(now),
    { $set: { dueAt: new Date(now.getTime() + CLAIM_MS) }, $inc: { attempts: 1 } },
    { sort: { dueAt: 1 }, returnDocument: 'after' },
  ).lean<SystemMail>();
}

/** As it was claimed, and not by another one since. */
const claimed = ({ _id, attempts }: SystemMail) => ({ _id, attempts, status: 'waiting' }) as const;

/** Whether somebody still has a use for it: of a password reset, the user who asked for it and for no other since. */
export async function isWanted({ resetToken }: SystemMail): Promise<boolean> {
  return resetToken === undefined || (await UserModel.exists({ resetPasswordToken: resetToken })) !== null;
}

/** Nobody gets it, and nothing of it is kept. */
export async function discard({ _id }: SystemMail): Promise<void> {
  await SystemMailModel.deleteOne({ _id });
}

/** SES took it; also where another worker has it by now. */
export async function noteSent({ _id }: SystemMail): Promise<void> {
  await SystemMailModel.updateOne(
    { _id, status: 'waiting' },
    { $set: { status: 'sent', sentAt: new Date() }, $unset: { content: 1, error: 1 } },
  );
}

/** It is given up. */
export async function noteFailed(mail: SystemMail, error: string): Promise<void> {
  await SystemMailModel.updateOne(claimed(mail), { $set: { status: 'failed', error }, $unset: { content: 1 } });
}

/** It was not asked of SES: due again at once, as if it had not been claimed. */
export async function giveBack(mail: SystemMail): Promise<void> {
  await SystemMailModel.updateOne(claimed(mail), { $set: { dueAt: new Date() }, $inc: { attempts: -1 } });
}

/** It is tried again, ever more seldom, while it has a use. @returns whether it is. */
export async function putOff(mail: SystemMail, error: string): Promise<boolean> {
  const dueAt = new Date(Date.now() + Math.min(LONGEST_BACKOFF_MS, BACKOFF_MS * 2 ** (mail.attempts - 1)));
  if (dueAt >= mail.expiresAt) {
    await noteFailed(mail, error);
    return false;
  }
  await SystemMailModel.updateOne(claimed(mail), { $set: { dueAt, error } });
  return true;
}

/** Gives up what has no more use; what is claimed, when its claim has ended. */
export async function expire(): Promise<void> {
  const now = new Date();
  await SystemMailModel.updateMany(
    { ...isDue(now), expiresAt: { $lte: now } },
    { $set: { status: 'failed', error: 'It could not be sent while it had a use' }, $unset: { content: 1 } },
  );
}
