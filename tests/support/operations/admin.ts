import { register, unique } from '../factories.js';
import { api } from '../hub.js';
import type { Call, Case, Cases } from './case.js';
import { bearer } from './request.js';
import { inHours } from './things.js';

const needs: Case['needs'] = 'super_admin';

/** A business of nobody's concern: what is done to it is felt by no other call. */
const some = async (): Promise<Call> => ({ params: { id: (await register()).businessId } });

const plan = { plan: 'pro', emailsPerMonth: 5_000 };

export const admin: Cases = {
  'GET /api/admin/businesses': {
    needs,
    make: async () => {
      const word = unique('biz');
      for (const n of [1, 2]) await register({ businessName: `${word} ${n}` });
      return { query: { limit: '1', search: word, status: 'active', plan: 'free' } };
    },
  },
  'POST /api/admin/businesses': {
    needs,
    make: () => {
      const domain = `${unique('new')}.test`;
      const person = { email: `ann@${domain}`, name: 'Ann', password: 'Test123!' };
      return { body: { name: 'New', domain, subscription: plan, admin: person } };
    },
  },
  'GET /api/admin/businesses/{id}': { needs, make: some },
  'PATCH /api/admin/businesses/{id}': {
    needs,
    make: async () => ({ ...(await some()), body: { subscription: plan, status: 'active' } }),
  },
  'POST /api/admin/businesses/{id}/reset-quota': { needs, make: some },
  'GET /api/admin/stats': { needs, make: () => ({}) },
  'GET /api/admin/audit': {
    needs,
    make: async ({ root }) => {
      const { businessId: business } = await register();
      for (const status of ['suspended', 'active']) {
        await api().patch(`/api/admin/businesses/${business}`).set(bearer(root)).send({ status }).expect(200);
      }
      return { query: { limit: '1', business, action: 'business.*', from: inHours(-1), to: inHours(1) } };
    },
  },
  // All sending of the hub stands still after this one, until the next lets it go on.
  'POST /api/admin/sending/pause': { needs, make: ({ word }) => ({ body: { reason: word } }) },
  'POST /api/admin/sending/resume': { needs, make: () => ({}) },
};
