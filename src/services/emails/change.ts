import { soleAttempt } from '../../attempt.js';
import { invalidTransition } from '../../errors.js';
import { DeliveryModel } from '../../models/delivery.js';
import { MessageModel } from '../../models/message.js';
import { MessageContentModel } from '../../models/message-content.js';
import { JOURNALED } from '../../mongo.js';
import { DOUBTFUL_MS, putBackWhere } from '../../sending/put-back.js';
import { withdraw } from '../../sending/withdraw.js';
import { type Caller, owned, type Tenant } from '../../tenant.js';
import { type Email, wake } from './accept.js';
import { get } from './read.js';

/** What is sent again is tried for another day, in ms. */
const LIFETIME_MS = 24 * 3_600_000;

/**
 * Keeps a message from those it was not sent to yet; what is being sent at this moment is sent.
 * @throws AppError `not_found`; `invalid_transition` where nothing waits.
 */
export async function cancel(tenant: Tenant, caller: Caller, id: string, attempt = soleAttempt()): Promise<Email> {
  const { message } = await get(tenant, caller, id);
  const ended = await withdraw(owned(tenant, { message: message._id }));
  // A request that comes again after its process died may have done it.
  if (ended === 0 && !attempt.isRepeat) throw invalidTransition('There is nobody left to keep it from');
  return get(tenant, caller, id);
}

/**
 * Sends a message again to those whom it failed to reach, and to those of whom nobody knows for 15 minutes.
 * @throws AppError `not_found`; `invalid_transition` where there are none, or its content is gone.
 */
export async function retry(tenant: Tenant, caller: Caller, id: string, attempt = soleAttempt()): Promise<Email> {
  // What fails after this was asked for is not meant.
  const now = new Date();
  const { message } = await get(tenant, caller, id);
  if (!(await MessageContentModel.exists(owned(tenant, { _id: message._id })))) {
    throw invalidTransition('What was in it is not kept any more');
  }
  const ofMessage = owned(tenant, { message: message._id });
  const sendBefore = new Date(now.getTime() + LIFETIME_MS);
  const counts = [
    await putBackWhere({ ...ofMessage, status: 'failed', failedAt: { $lte: now } }, { sendBefore }),
    await putBackWhere(
      { ...ofMessage, status: 'unconfirmed', unconfirmedAt: { $lte: new Date(now.getTime() - DOUBTFUL_MS) } },
      { sendBefore },
    ),
  ];
  const again = counts.reduce((sum, n) => sum + n, 0);
  if (again === 0 && !attempt.isRepeat) {
    const isYoung = await DeliveryModel.exists({ ...ofMessage, status: 'unconfirmed' });
    throw invalidTransition(
      isYoung ? 'Nobody knows yet what became of it; wait 15 minutes' : 'It failed to reach nobody',
    );
  }
  // Content that would expire meanwhile is kept until the retry is over.
  await Promise.all([
    MessageModel.updateOne({ _id: message._id }, { $max: { expiresAt: sendBefore } }, { writeConcern: JOURNALED }),
    MessageContentModel.updateOne(
      { _id: message._id },
      { $max: { expiresAt: new Date(sendBefore.getTime() + LIFETIME_MS) } },
    ),
  ]);
  await wake(message);
  return get(tenant, caller, id);
}
