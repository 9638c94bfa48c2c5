import { Types } from 'mongoose';
import { AT_ONCE, BUCKETS, type Delivery, DeliveryModel } from '../../models/delivery.js';
import { SuppressionModel } from '../../models/suppression.js';
import { insertMissing } from '../../mongo.js';
import { owned, type Tenant } from '../../tenant.js';
import type { Recipient } from './entry.js';

/** What became of a batch; `suppressed` are among the added. */
export interface Inserted {
  added: number;
  duplicates: number;
  suppressed: number;
}

/**
 * Adds a batch of different addresses to a campaign, those left out that it has already.
 * @throws MongoBulkWriteError for any failure but a duplicate.
 */
export async function insertBatch(
  tenant: Tenant,
  campaignId: Types.ObjectId,
  batch: readonly Recipient[],
  isTest = false,
): Promise<Inserted> {
  const [present, suppressed] = await Promise.all([
    insertMissing(DeliveryModel.collection, batch.map(deliveryMaker(tenant, campaignId, isTest))),
    suppressedAmong(tenant, batch),
  ]);
  const duplicates = new Set(present.map((index) => batch[index]?.email));
  return {
    added: batch.length - duplicates.size,
    duplicates: duplicates.size,
    suppressed: suppressed.filter((email) => !duplicates.has(email)).length,
  };
}

type NewDelivery = Pick<
  Delivery,
  '_id' | 'business' | 'campaign' | 'email' | 'status' | 'bucket' | 'dueAt' | 'attempts' | 'createdAt'
> &
  Partial<Pick<Delivery, 'name' | 'variables' | 'isTest'>>;

/** Round robin from a random bucket on: even within a batch, and over batches of one. */
function deliveryMaker(tenant: Tenant, campaignId: Types.ObjectId, isTest: boolean) {
  const scope = owned(tenant, { campaign: campaignId });
  const now = new Date();
  const first = Math.floor(Math.random() * BUCKETS);
  return ({ email, name, variables }: Recipient, index: number): NewDelivery => {
    const delivery: NewDelivery = {
      _id: new Types.ObjectId(),
      business: scope.business,
      campaign: campaignId,
      email,
      status: 'pending',
      bucket: (first + index) % BUCKETS,
      dueAt: AT_ONCE,
      attempts: 0,
      createdAt: now,
    };
    if (isTest) delivery.isTest = true;
    if (name !== undefined) delivery.name = name;
    if (variables !== undefined) delivery.variables = variables;
    return delivery;
  };
}

/** Every reason blocks a campaign. A row without reasons is what a resubscription left. */
async function suppressedAmong(tenant: Tenant, batch: readonly Recipient[]): Promise<string[]> {
  const rows = SuppressionModel.collection.find<{ email: string }>(
    owned(tenant, { email: { $in: batch.map(({ email }) => email) }, 'reasons.0': { $exists: true } }),
    { projection: { _id: 0, email: 1 } },
  );
  return (await rows.toArray()).map(({ email }) => email);
}
