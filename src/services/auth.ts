import { type User, UserModel } from '../models/user.js';
import { effectivePermissions } from '../permissions.js';
import type { Caller } from '../tenant.js';
import * as businesses from './businesses.js';
import * as tokens from './tokens.js';

/**
 * Who a session token speaks for, or undefined where it is not valid (any more). The token only names the user: what he
 * may do is read afresh, so a change of role, a deactivation or a sign-out bites at once.
 * @throws AppError `business_inactive`.
 */
export async function callerOf(token: string): Promise<Caller | undefined> {
  const claims = tokens.read(token);
  if (!claims) return undefined;
  const user = await UserModel.findById(claims.userId).lean<User>();
  if (!user?.isActive || user.tokenVersion !== claims.version) return undefined;
  const businessId = await admit(user);
  return {
    kind: 'user',
    id: user._id,
    role: user.role,
    permissions: effectivePermissions(user.role, user.permissions),
    ...(businessId ? { businessId } : {}),
  };
}

/**
 * The business the user acts within; none for a super_admin.
 * @throws AppError `business_inactive`.
 */
async function admit(user: User) {
  if (user.role === 'super_admin' || !user.business) return undefined;
  await businesses.found(user);
  await businesses.requireActive(user.business);
  return user.business;
}
