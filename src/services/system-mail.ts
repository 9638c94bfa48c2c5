import type { Types } from 'mongoose';
import { config } from '../config.js';
import { unavailable } from '../errors.js';
import { SystemMailModel } from '../models/system-mail.js';

export type { SystemMailContent } from '../sending/system-mail/content.js';
export { enqueue, type NewSystemMail } from '../sending/system-mail/enqueue.js';

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
