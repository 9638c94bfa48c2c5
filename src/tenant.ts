import type { Types } from 'mongoose';
import type { Permission, Role } from './permissions.js';
import type { Plan } from './plans.js';

/** The business on whose behalf something is done. Every service that touches a tenant's data takes one first. */
export interface Tenant {
  readonly businessId: Types.ObjectId;
}

/** A user's sign-in, as his token has it. */
export interface Session {
  /** The user's `tokenVersion` at the sign-in. */
  readonly version: number;
  /** When he gave his password, in s since 1970. */
  readonly authTime: number;
}

/** Who asks: a user with a JWT, or a sibling project with an API key. */
export interface Caller {
  readonly kind: 'user' | 'key';
  readonly id: Types.ObjectId;
  readonly role: Role | 'api_key';
  readonly permissions: readonly Permission[];
  /** A super_admin has none. */
  readonly businessId?: Types.ObjectId;
  /** The plan of the business, which says how much its callers may ask for. */
  readonly plan?: Plan;
  /** Of a user. */
  readonly session?: Session;
  /** A test key's messages never reach SES. */
  readonly isTest?: boolean;
}

/**
 * A query's filter, bound to the tenant: the one way a service names a tenant's documents.
 * @throws TypeError without a tenant, so that a forgotten scope fails instead of reading everybody's.
 */
export function owned<F extends object>(tenant: Tenant, filter: F): F & { business: Types.ObjectId } {
  if (!tenant?.businessId) throw new TypeError('A tenant is needed for this query');
  return { ...filter, business: tenant.businessId };
}
