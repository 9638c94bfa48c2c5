import type { RequestHandler } from 'express';
import { Types } from 'mongoose';
import { AppError, businessInactive, forbidden, notFound, unauthenticated } from '../errors.js';
import type { Permission } from '../permissions.js';
import * as businesses from '../services/businesses.js';
import type { Caller, Tenant } from '../tenant.js';
import { auditActing } from './audit.js';

/** What a route asks of its caller, for the OpenAPI document. */
export const ACCESS = Symbol('access');

/** `any`: signed in and within a business; not a key that may only send single messages. `signed_in`: signed in. `super_admin`: the platform's own routes. */
export type Access = Permission | 'any' | 'signed_in' | 'super_admin';

/**
 * Lets a request through when its caller holds one of the permissions, and binds it to a business: the caller's own, or
 * for a super_admin the one named by `X-Business-Id`. Anybody else who sends that header is refused, also where no
 * business is needed: he believes to act for one. What a super_admin does within a business is audited.
 */
export function authorize(...access: [Access, ...Access[]]): RequestHandler {
  const check: RequestHandler = async (req, res, next) => {
    const { caller } = res.locals;
    if (!caller) throw unauthenticated();
    if (caller.role !== 'super_admin' && req.get('x-business-id') !== undefined) {
      throw forbidden('X-Business-Id is for administrators of the hub');
    }
    if (!access.some((one) => holds(caller, one))) {
      throw forbidden(`This needs the permission ${access.join(' or ')}`);
    }
    if (!access.includes('super_admin') && !access.includes('signed_in')) {
      const tenant = await tenantOf(caller, req.get('x-business-id'));
      if (caller.role === 'super_admin') await auditActing(req, res, caller, tenant);
      res.locals.tenant = tenant;
    }
    next();
  };
  return Object.assign(check, { [ACCESS]: access });
}

function holds(caller: Caller, access: Access): boolean {
  if (access === 'signed_in') return true;
  // `send_transactional` reaches `/api/emails` and nothing else: such a key lies in a web shop's configuration.
  if (access === 'any') return caller.kind === 'user' || caller.permissions.some((one) => one !== 'send_transactional');
  if (access === 'super_admin') return caller.role === 'super_admin';
  return caller.permissions.includes(access);
}

async function tenantOf(caller: Caller, businessId: string | undefined): Promise<Tenant> {
  if (caller.role !== 'super_admin') {
    if (!caller.businessId) throw unauthenticated();
    return { businessId: caller.businessId };
  }
  if (businessId === undefined) {
    throw new AppError('business_required', 422, 'Name the business to act for in the header X-Business-Id');
  }
  if (!/^[0-9a-f]{24}$/.test(businessId)) throw notFound('business');
  const business = await businesses.get(new Types.ObjectId(businessId));
  if (business.status === 'cancelled') throw businessInactive();
  return { businessId: business._id };
}
