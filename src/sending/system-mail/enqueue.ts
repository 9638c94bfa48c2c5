import { Types } from 'mongoose';
import { SystemMailModel } from '../../models/system-mail.js';
import { JOURNALED } from '../../mongo.js';
import { type SystemMailContent, sealContent } from './content.js';

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
