import { Types } from 'mongoose';
import { config } from '../config.js';
import { unavailable } from '../errors.js';
import { SystemMailModel } from '../models/system-mail.js';
import { JOURNALED } from '../mongo.js';
import { type SystemMailContent, sealContent } from '../sending/system-mail/content.js';

export type { SystemMailContent };

/** A message of the hub itself, and until when it has a use. */
export interface NewSystemMail extends SystemMailContent {
  /** Its `_id`, where somebody looks for it later. */
  id?: Types.ObjectId;
  to: string;
  expiresAt: Date;
  /** The hash of the reset token in it: it goes out only while a user has it. */
  resetToken?: string;
}

/**
 * Puts a message where a worker finds it within seconds: safe in MongoDB once this returns, and sealed, for the links in it
 * let people in.
 */
export async function enqueue({ id = new Types.ObjectId(), subject, text, ...fields }: NewSystemMail): Promise<void> {
  const mail = new SystemMailModel({ _id: id, ...fields, content: sealContent(id, { subject, text }) });
  await mail.save({ ...JOURNALED });
}

/** Whether a message of this id was put there. */
export async function isEnqueued(id: Types.ObjectId): Promise<boolean> {
  return (await SystemMailModel.exists({ _id: id })) !== null;
}

/** @throws AppError `unavailable` where the hub has no SES account of its own to send by. */
export function requireSystemMail(): void {
  if (!config().masterSes) {
    throw unavailable(
      'This hub sends no mail of its own: its administrator has to set MASTER_SES_ACCESS_KEY and SYSTEM_FROM_EMAIL',
    );
  }
}
