import { Types } from 'mongoose';
import { BusinessModel } from '../../models/business.js';
import { type DomainClaim, DomainClaimModel } from '../../models/domain-claim.js';
import { ignoreDuplicateKey, JOURNALED } from '../../mongo.js';
import { withParents } from './names.js';

/** An attempt that has come to no end after this, in ms, died with its process: others need not yield to it. */
const ATTEMPT_MS = 60_000;

/** So often an attempt looks again at what stood in its way; each look but the last has cleared something. */
const LOOKS = 20;

/**
 * Makes a proven domain the business's own: of a domain, those above and those below it, all belong to one business.
 *
 * One unique index cannot say so, and there are no transactions. So an attempt is written first, then it looks for others
 * in its way, and only then it becomes held, by a write that wants the attempt to be there still. Of two attempts at once,
 * the later to look sees the other. The one for the lower domain yields to the other; the one for the upper domain takes
 * the lower's attempt away, and only if that is not held by then. So never are both held, and one of the two is.
 * @returns false where it is another business's, or another is about to get it.
 */
export async function claim(business: Types.ObjectId, domain: string): Promise<boolean> {
  const token = new Types.ObjectId();
  const begun = await attempt(business, domain, token);
  if (!begun) return false;
  if (begun.isHeld) return true;
  for (let look = 0; look < LOOKS; look += 1) {
    const rivals = await rivalsOf(business, domain);
    if (rivals.length === 0) return hold(domain, token);
    for (const rival of rivals) {
      if (await giveWay(rival, domain)) continue;
      await DomainClaimModel.deleteOne({ _id: domain, token, isHeld: false }, { writeConcern: JOURNALED });
      return false;
    }
  }
  return false;
}

/** Gives a domain back. What another business holds stays. */
export async function release(business: Types.ObjectId, domain: string): Promise<void> {
  await DomainClaimModel.deleteOne({ _id: domain, business }, { writeConcern: JOURNALED });
}

/** Whether another business holds the domain, one above it or one below it. */
export async function isTaken(business: Types.ObjectId, domain: string): Promise<boolean> {
  const rivals = await rivalsOf(business, domain);
  const held = rivals.filter(({ isHeld }) => isHeld);
  const orphans = await Promise.all(held.map(isOrphan));
  return orphans.includes(false);
}

/**
 * Writes the attempt, or takes up what the business has already: held stays held.
 * @returns undefined where another business has the very domain.
 */
async function attempt(
  business: Types.ObjectId,
  domain: string,
  token: Types.ObjectId,
): Promise<DomainClaim | undefined> {
  for (let look = 0; look < LOOKS; look += 1) {
    const mine = await DomainClaimModel.findOneAndUpdate(
      { _id: domain, business },
      [{ $set: { token, at: '$$NOW', within: withParents(domain), isHeld: { $ifNull: ['$isHeld', false] } } }],
      { upsert: true, updatePipeline: true, returnDocument: 'after', lean: true, writeConcern: JOURNALED },
    ).catch(ignoreDuplicateKey);
    if (mine) return mine;
    const other = await DomainClaimModel.findById(domain).lean<DomainClaim>();
    if (other && !(await giveWay(other, domain))) return undefined;
  }
  return undefined;
}

function rivalsOf(business: Types.ObjectId, domain: string): Promise<DomainClaim[]> {
  return DomainClaimModel.find({
    business: { $ne: business },
    $or: [{ _id: { $in: withParents(domain) } }, { within: domain }],
  }).lean<DomainClaim[]>();
}

/** Takes a rival's claim away where it must yield to one for `domain`. @returns whether it is gone. */
async function giveWay(rival: DomainClaim, domain: string): Promise<boolean> {
  const mustYield = rival.isHeld
    ? await isOrphan(rival)
    : rival._id.length > domain.length || Date.now() - rival.at.getTime() > ATTEMPT_MS;
  if (!mustYield) return false;
  const { _id, token, isHeld } = rival;
  await DomainClaimModel.deleteOne({ _id, token, isHeld }, { writeConcern: JOURNALED });
  const now = await DomainClaimModel.findOne({ _id, business: rival.business }).lean<DomainClaim>();
  // It became held, or was begun anew, just now: the next look judges that.
  return now === null || !now.isHeld;
}

/** A business gives up a domain first and its claim after that; where it died in between, the claim is nobody's. */
async function isOrphan({ _id, business }: DomainClaim): Promise<boolean> {
  return (await BusinessModel.exists({ _id: business, 'sendingDomains.domain': _id })) === null;
}

async function hold(domain: string, token: Types.ObjectId): Promise<boolean> {
  const { matchedCount } = await DomainClaimModel.updateOne(
    { _id: domain, token },
    { $set: { isHeld: true } },
    { writeConcern: JOURNALED },
  );
  return matchedCount === 1;
}
