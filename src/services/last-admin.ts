import { Types } from 'mongoose';
import { conflict } from '../errors.js';
import { type User, UserModel } from '../models/user.js';
import { owned, type Tenant } from '../tenant.js';

/** An announcement that has come to nothing by then was made by a process that died, in ms. */
const STALE_MS = 10_000;

/** How often a rival's announcement is ended before this one gives way itself. */
const MAX_ROUNDS = 10;

const ACTIVE_ADMIN = { role: 'business_admin', isActive: true } as const;

/** Who is counted: a business always has one of these. */
export function isActiveAdmin({ role, isActive }: Pick<User, 'role' | 'isActive'>): boolean {
  return role === ACTIVE_ADMIN.role && isActive;
}

/**
 * Makes an administrator none (demotes, deactivates, removes), unless he is the business's last one. Two documents decide,
 * and there are no transactions; so it announces itself on the first, before it looks at the others:
 *
 * 1. `leaving` is set on the one who is to go, to a token of this call;
 * 2. another active administrator is sought who is not leaving himself;
 * 3. `commit` writes only where the token is still there.
 *
 * Of two that need each other to stay, the one that looked later saw the other's announcement and does not count him. Anybody may
 * end an announcement: its call then fails at step 3 and begins again. That is how a dead process's goes away, and how one of two at
 * once gets through: the one that was announced first.
 * @param judged who is to go, in the state in which that was allowed.
 * @returns what `commit` returned; null where `judged` does not hold any more, or a rival ended the announcement.
 * @throws AppError `conflict` where nobody would be left, or a rival comes first.
 */
export async function stepDown<T, F extends { _id: Types.ObjectId }>(
  tenant: Tenant,
  judged: F,
  commit: (announced: F & { leaving: Types.ObjectId }) => Promise<T | null>,
): Promise<T | null> {
  const leaving = new Types.ObjectId();
  const { matchedCount } = await UserModel.updateOne(judged, { $set: { leaving } }, { timestamps: false });
  if (matchedCount === 0) return null;
  try {
    await requireAnother(tenant, judged._id, leaving);
  } catch (error) {
    await end(judged._id, leaving);
    throw error;
  }
  return commit({ ...judged, leaving });
}

async function requireAnother(tenant: Tenant, id: Types.ObjectId, own: Types.ObjectId): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const others = await UserModel.find(owned(tenant, { ...ACTIVE_ADMIN, _id: { $ne: id } }))
      .select({ leaving: 1 })
      .lean<Pick<User, '_id' | 'leaving'>[]>();
    if (others.length === 0)
      throw conflict('This is the last active administrator of the business; make another first');
    if (others.some(({ leaving }) => !leaving)) return;
    const later = others.find(({ leaving }) => leaving && givesWay(leaving, own));
    if (!later?.leaving) break;
    await end(later._id, later.leaving);
  }
  throw conflict('Another administrator of the business is just being taken away, and one must stay; try again');
}

/** The earlier one goes first; ids only need an order here that all processes agree upon. */
function givesWay(theirs: Types.ObjectId, own: Types.ObjectId): boolean {
  const isStale = Date.now() - theirs.getTimestamp().getTime() > STALE_MS;
  return isStale || theirs.toHexString() > own.toHexString();
}

async function end(_id: Types.ObjectId, leaving: Types.ObjectId): Promise<void> {
  await UserModel.updateOne({ _id, leaving }, { $unset: { leaving: 1 } }, { timestamps: false });
}
