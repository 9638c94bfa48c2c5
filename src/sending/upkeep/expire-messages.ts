import { Types } from 'mongoose';
import { type Delivery, DeliveryModel } from '../../models/delivery.js';
import { JOURNALED } from '../../mongo.js';

/** Deliveries of one round. */
const ROUND = 1_000;

/**
 * Fails messages that could not be sent in time. What may have been sent by an earlier attempt stays in doubt.
 * @returns how many deliveries there were.
 */
export async function expireMessages(): Promise<number> {
  const now = new Date();
  return failPending(
    { status: 'pending', stream: { $exists: true }, sendBefore: { $lte: now } },
    'expired',
    'It could not be sent in time',
  );
}

/**
 * Fails what of these deliveries is still pending, each with the event that tells it in the same write.
 * @returns how many there were; another round may find more.
 */
export async function failPending(filter: Record<string, unknown>, code: string, message: string): Promise<number> {
  const found = await DeliveryModel.collection
    .find<Delivery>({ ...filter, status: 'pending' }, { projection: { pastPeriods: 1 } })
    .limit(ROUND)
    .toArray();
  if (found.length === 0) return 0;
  const at = new Date();
  const error = { code, message };
  const writes = found.map(({ _id, pastPeriods }) => {
    const isDoubtful = (pastPeriods?.length ?? 0) > 0;
    const event = { _id: new Types.ObjectId(), type: 'email.failed', at, data: { code, reason: message } };
    const end = isDoubtful
      ? { status: 'unconfirmed', unconfirmedAt: at, error }
      : { status: 'failed', failedAt: at, error, outbox: [event] };
    return { updateOne: { filter: { ...filter, _id, status: 'pending' }, update: { $set: end } } };
  });
  const { modifiedCount } = await DeliveryModel.collection.bulkWrite(writes, {
    ordered: false,
    writeConcern: JOURNALED,
  });
  return modifiedCount;
}
