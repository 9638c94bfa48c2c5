import { AppError } from '../errors.js';
import { MailAllowanceModel } from '../models/mail-allowance.js';
import { ignoreDuplicateKey } from '../mongo.js';

const HOUR_MS = 3_600_000;
const MAILS_AN_HOUR = 3;

/**
 * Takes one of the three mails that an address may get within an hour, whoever wishes it to be written to. In MongoDB, by one
 * conditional update: an emptied Redis or twenty requests at once give nobody a fourth.
 * @throws AppError `rate_limited`.
 */
export async function take(email: string, now = new Date()): Promise<void> {
  const third = `times.${MAILS_AN_HOUR - 1}`;
  const taken = await MailAllowanceModel.updateOne(
    { _id: email, [third]: { $not: { $gt: new Date(now.getTime() - HOUR_MS) } } },
    {
      $push: { times: { $each: [now], $position: 0, $slice: MAILS_AN_HOUR } },
      $set: { expiresAt: new Date(now.getTime() + HOUR_MS) },
    },
    { upsert: true },
  ).catch(ignoreDuplicateKey);
  // Where it is used up, the update finds nothing, and the insert in its place meets the row that is there.
  if (!taken) throw await tooMany(email, now);
}

async function tooMany(email: string, now: Date): Promise<AppError> {
  const row = await MailAllowanceModel.findById(email).lean<{ times: Date[] }>();
  const oldest = row?.times.at(-1) ?? now;
  const retryAfterSeconds = Math.max(1, (oldest.getTime() + HOUR_MS - now.getTime()) / 1_000);
  const message = `This address got ${MAILS_AN_HOUR} mails within an hour; wait before the next one`;
  return new AppError('rate_limited', 429, message, { retryAfterSeconds });
}
