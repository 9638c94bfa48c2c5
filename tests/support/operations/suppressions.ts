import type { Case, Cases } from './case.js';
import { addressOf, suppressionOf } from './things.js';

const needs: Case['needs'] = ['manage_campaigns'];

export const suppressions: Cases = {
  'GET /api/suppressions': { needs, make: () => ({ query: { limit: '1', reason: 'manual', email: 'p' } }) },
  'POST /api/suppressions': { needs, make: (scene) => ({ body: { email: addressOf(scene), reason: 'manual' } }) },
  'POST /api/suppressions/import': {
    needs,
    make: (scene) => ({ query: { reason: 'bounced' }, body: { suppressions: [{ email: addressOf(scene) }] } }),
  },
  'DELETE /api/suppressions/{id}': {
    needs,
    make: async (scene) => ({ params: { id: await suppressionOf(scene) }, query: { reason: 'manual' } }),
  },
};
