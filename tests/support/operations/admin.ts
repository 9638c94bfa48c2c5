import { register } from '../factories.js';
import type { Call, Cases } from './case.js';

/** A business of nobody's concern: what is done to it is felt by no other call. */
const some = async (): Promise<Call> => ({ params: { id: (await register()).businessId } });

export const admin: Cases = {
  'GET /api/admin/businesses/{id}': { needs: 'super_admin', make: some },
  'PATCH /api/admin/businesses/{id}': {
    needs: 'super_admin',
    make: async () => ({
      ...(await some()),
      body: { subscription: { plan: 'pro', emailsPerMonth: 5_000 }, status: 'active' },
    }),
  },
};
