import type { Caller, Tenant } from './tenant.js';

declare global {
  namespace Express {
    interface Locals {
      requestId: string;
      /** Set by `authenticate`. */
      caller?: Caller;
      /** Set by `authorize` on a tenant's route. */
      tenant?: Tenant;
    }
  }
}
