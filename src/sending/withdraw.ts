import { DeliveryModel } from '../models/delivery.js';
import { JOURNALED } from '../mongo.js';

const DOUBT = {
  code: 'cancelled_in_doubt',
  message: 'An earlier attempt may have been sent; the next one was cancelled',
};

/**
 * Cancels what of these deliveries is still pending. An earlier attempt of some may have been sent, and nobody sends another:
 * the doubt stays, for an event to settle.
 * @returns how many there were.
 */
export async function withdraw(filter: Record<string, unknown>): Promise<number> {
  const doubtful = { status: 'unconfirmed', unconfirmedAt: new Date(), error: DOUBT };
  const { collection } = DeliveryModel;
  const options = { writeConcern: JOURNALED };
  const [cancelled, kept] = await Promise.all([
    collection.updateMany(
      { ...filter, status: 'pending', 'pastPeriods.0': { $exists: false } },
      { $set: { status: 'cancelled' } },
      options,
    ),
    collection.updateMany(
      { ...filter, status: 'pending', 'pastPeriods.0': { $exists: true } },
      { $set: doubtful },
      options,
    ),
  ]);
  return cancelled.modifiedCount + kept.modifiedCount;
}
