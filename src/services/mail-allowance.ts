import type { Types } from 'mongoose';
import { AppError } from '../errors.js';
import { MailAllowanceModel } from '../models/mail-allowance.js';
import { ignoreDuplicateKey } from '../mongo.js';

const HOUR_MS = 3_600_000;

/** What an address may get within an hour, whoever wishes it to be written to. */
const MAILS_TO_AN_ADDRESS = 3;

/** What a business may have written within an hour: the hub's own name stands on it. */
const MAILS_OF_A_BUSINESS = 50;

/** @throws AppError `rate_limited`. */
export async function takeOfAddress(email: string): Promise<void> {
  await take(email, MAILS_TO_AN_ADDRESS, 'This address');
}

/** @throws AppError `rate_limited`. */
export async function takeOfBusiness(businessId: Types.ObjectId): Promise<void> {
  await take(`business:${businessId.toHexString()}`, MAILS_OF_A_BUSINESS, 'Those this business invited');
}

/** In MongoDB, by one conditional update: an emptied Redis or twenty requests at once give nobody one more. */
async function take(subject: string, anHour: number, who: string): Promise<void> {
  const now = new Date();
  const write = () =>
    MailAllowanceModel.updateOne(
      { _id: subject, [`times.${anHour - 1}`]: { $not: { $gt: new Date(now.getTime() - HOUR_MS) } } },
      {
        $push: { times: { $each: [now], $position: 0, $slice: anHour } },
        $set: { expiresAt: new Date(now.getTime() + HOUR_MS) },
      },
      { upsert: true },
    ).catch(ignoreDuplicateKey);
  // Of several first ones at once all but one meet the row that the one made; they find it the next time.
  if ((await write()) ?? (await write())) return;
  // It is used up: the update found nothing, and the insert in its place met the row that is there.
  const row = await MailAllowanceModel.findById(subject).lean<{ times: Date[] }>();
  const oldest = row?.times.at(-1) ?? now;
  const retryAfterSeconds = Math.max(1, (oldest.getTime() + HOUR_MS - now.getTime()) / 1_000);
  const message = `${who} got ${anHour} mails within an hour; wait before the next one`;
  throw new AppError('rate_limited', 429, message, { retryAfterSeconds });
}
