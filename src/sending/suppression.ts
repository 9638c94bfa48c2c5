import type { Types } from 'mongoose';
import { type Suppression, SuppressionModel, type SuppressionReason } from '../models/suppression.js';
import { isDuplicateKey, JOURNALED } from '../mongo.js';
import { owned, type Tenant } from '../tenant.js';

/** The gravest first: what a skipped delivery names when its address has several. */
const BY_GRAVITY: readonly SuppressionReason[] = ['complained', 'bounced', 'manual', 'unsubscribed'];

const WRITE = { writeConcern: JOURNALED } as const;

/**
 * Puts an address on the business's suppression list for one reason. Any number of calls, also at the same time, leave
 * each reason once. Journaled: whoever asked not to be written to is not forgotten.
 * @param email in the hub's one spelling (`addresses.ts`).
 * @param source who says so, e.g. `link:<deliveryId>`.
 * @returns whether the reason is new.
 */
export async function suppress(
  tenant: Tenant,
  email: string,
  reason: SuppressionReason,
  source: string,
): Promise<boolean> {
  const withoutReason = owned(tenant, { email, 'reasons.reason': { $ne: reason } });
  const add = { $push: { reasons: { reason, source, at: new Date() } } };
  try {
    const { modifiedCount, upsertedCount } = await SuppressionModel.updateOne(withoutReason, add, {
      ...WRITE,
      upsert: true,
    });
    return modifiedCount + upsertedCount > 0;
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    // A row was there: with this reason, or another call's of this moment, which may be gone again.
    if (await reasonOf(tenant, email, reason)) return false;
    return suppress(tenant, email, reason, source);
  }
}

/**
 * Puts many different addresses on the list for one reason, as `suppress` does one.
 * @returns the places in `emails` of those that had the reason already.
 */
export async function suppressAll(
  tenant: Tenant,
  emails: readonly string[],
  reason: SuppressionReason,
  source: string,
): Promise<number[]> {
  const present = await SuppressionModel.find(owned(tenant, { email: { $in: emails }, 'reasons.reason': reason }), {
    email: 1,
  }).lean();
  const known = new Set(present.map(({ email }) => email));
  const now = new Date();
  const add = (email: string) => ({
    updateOne: {
      filter: owned(tenant, { email, 'reasons.reason': { $ne: reason } }),
      update: { $push: { reasons: { reason, source, at: now } } },
      upsert: true,
    },
  });
  const unknown = emails.filter((email) => !known.has(email));
  if (unknown.length === 0) return emails.map((_, place) => place);
  try {
    await SuppressionModel.bulkWrite(unknown.map(add), { ordered: false, writeConcern: JOURNALED });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    // Rows of others were there a moment ago, with this reason or for another one, and may be gone again.
    await suppressAll(tenant, unknown, reason, source);
  }
  return emails.flatMap((email, place) => (known.has(email) ? [place] : []));
}

/**
 * Takes one reason back and leaves the others.
 * @returns whether it was there.
 */
export async function unsuppress(tenant: Tenant, email: string, reason: SuppressionReason): Promise<boolean> {
  const { modifiedCount } = await SuppressionModel.updateOne(
    owned(tenant, { email, 'reasons.reason': reason }),
    { $pull: { reasons: { reason } } },
    WRITE,
  );
  if (modifiedCount > 0) await SuppressionModel.deleteOne(owned(tenant, { email, reasons: { $size: 0 } }));
  return modifiedCount > 0;
}

/** When an address was put on the list for a reason, and by whom; undefined where it is not there for that. */
export async function reasonOf(
  tenant: Tenant,
  email: string,
  reason: SuppressionReason,
): Promise<Suppression['reasons'][number] | undefined> {
  const row = await SuppressionModel.findOne(owned(tenant, { email }), { reasons: 1 }).lean<Suppression>();
  return row?.reasons.find((one) => one.reason === reason);
}

/** Which of these addresses get no bulk mail, each with its gravest reason. @param emails in the hub's one spelling. */
export const blockedForBulk = (tenant: Tenant, emails: readonly string[]) => blocked(tenant, emails, BY_GRAVITY);

/**
 * Which of these addresses get no mail at all, each with its gravest reason: whoever unsubscribed from mailings still
 * gets what he asked for.
 * @param emails in the hub's one spelling.
 */
export const blockedForAll = (tenant: Tenant, emails: readonly string[]) =>
  blocked(
    tenant,
    emails,
    BY_GRAVITY.filter((reason) => reason !== 'unsubscribed'),
  );

/** One indexed query. */
async function blocked(
  tenant: Tenant,
  emails: readonly string[],
  blocking: readonly SuppressionReason[],
): Promise<Map<string, SuppressionReason>> {
  const rows = await SuppressionModel.find(owned(tenant, { email: { $in: emails } }), {
    email: 1,
    'reasons.reason': 1,
  }).lean<{ _id: Types.ObjectId; email: string; reasons: { reason: SuppressionReason }[] }[]>();
  const found = new Map<string, SuppressionReason>();
  for (const { email, reasons } of rows) {
    const gravest = blocking.find((one) => reasons.some(({ reason }) => reason === one));
    if (gravest) found.set(email, gravest);
  }
  return found;
}
