import type { Types } from 'mongoose';
import type { Caller, Tenant } from './tenant.js';

declare global {
  namespace Express {
    interface Locals {
      requestId: string;
      /** The path of the router that took the request, as a pattern. */
      mount?: string;
      /** Set by `authenticate`. */
      caller?: Caller;
      /** Set by `authorize` on a tenant's route. */
      tenant?: Tenant;
      /** What the audit log has of the request: set by `authorize` where an administrator of the hub acts for a business. */
      auditEntry?: Types.ObjectId;
    }
  }
}
