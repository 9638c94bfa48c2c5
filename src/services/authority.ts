import { forbidden, invalid } from '../errors.js';
import { type Role, USER_PERMISSIONS, type UserPermission } from '../permissions.js';
import type { Caller } from '../tenant.js';

/** What makes somebody able to give rights, or not. */
export type Authority = Pick<Caller, 'role' | 'permissions'>;

/** What somebody is to be. */
export interface Rights {
  role: Role;
  permissions: readonly UserPermission[];
}

/** Whoever administers a business: one of its administrators, or the hub's. */
export function isAdmin({ role }: Authority): boolean {
  return role === 'business_admin' || role === 'super_admin';
}

/**
 * The permissions that go with a role where none are named: an administrator's are all that the giver has himself, beside what
 * he `held` before; to others nothing is added.
 */
export function permissionsFor(giver: Authority, role: Role, held: readonly UserPermission[] = []): UserPermission[] {
  if (role !== 'business_admin') return [...held];
  return USER_PERMISSIONS.filter((one) => held.includes(one) || giver.permissions.includes(one));
}

/** Why somebody cannot give these rights, or undefined where he can. `held`: what is there already is not given. */
export function grantProblem(
  giver: Authority,
  { role, permissions }: Rights,
  held: Partial<Rights> = {},
): string | undefined {
  if (role === 'super_admin') return 'Administrators of the hub are made on its server';
  if (role === 'business_admin' && held.role !== role && !isAdmin(giver)) {
    return 'Only an administrator of the business can make another';
  }
  const lacking = permissions.filter((one) => !held.permissions?.includes(one) && !giver.permissions.includes(one));
  return lacking.length > 0 ? `You can only grant what you hold, and you lack ${lacking.join(', ')}` : undefined;
}

/**
 * @throws AppError `forbidden` for what the giver cannot give; `validation_failed` for an administrator who could not
 * manage the business's users: it would have nobody to turn to.
 */
export function requireGrant(giver: Authority, rights: Rights, held?: Partial<Rights>): void {
  const problem = grantProblem(giver, rights, held);
  if (problem) throw forbidden(problem);
  if (rights.role === 'business_admin' && !rights.permissions.includes('manage_users')) {
    throw invalid([{ path: 'permissions', message: 'must have manage_users for a business_admin' }]);
  }
}

/** @throws AppError `forbidden` where an administrator is touched by somebody who is none. */
export function requireTouch(toucher: Authority, touched: { role: Role }): void {
  if (touched.role !== 'business_user' && !isAdmin(toucher)) {
    throw forbidden('Only an administrator of the business can do this to one');
  }
}
