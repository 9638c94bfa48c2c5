import { Types } from 'mongoose';
import { AT_ONCE, BUCKETS, type Delivery, DeliveryModel } from '../../src/models/delivery.js';

/** A campaign's deliveries that SES took a minute ago. @returns their ids. */
export async function sentDeliveries(businessId: string, count: number): Promise<Types.ObjectId[]> {
  const campaign = new Types.ObjectId();
  const business = new Types.ObjectId(businessId);
  const sentAt = new Date(Date.now() - 60_000);
  const rows = Array.from({ length: count }, (_, n) => ({
    _id: new Types.ObjectId(),
    business,
    campaign,
    email: emailOf(n),
    status: 'sent' as const,
    bucket: n % BUCKETS,
    dueAt: AT_ONCE,
    attempts: 1,
    sentAt,
    createdAt: sentAt,
  }));
  await DeliveryModel.collection.insertMany(rows);
  return rows.map(({ _id }) => _id);
}

/** The address of the n-th. */
export const emailOf = (n: number) => `p${n}@bench.example`;

/** How many of these have none of those times. */
export async function without(ids: readonly Types.ObjectId[], fields: readonly (keyof Delivery)[]): Promise<number> {
  const none = Object.fromEntries(fields.map((field) => [field, { $exists: false }]));
  return DeliveryModel.countDocuments({ _id: { $in: [...ids] }, ...none });
}
