import { unique } from '../factories.js';
import type { Call, Case, Cases } from './case.js';
import { type Scene, withSes } from './scene.js';
import { sendingDomainOf } from './things.js';

const needs: Case['needs'] = ['manage_settings'];
const known = async (scene: Scene): Promise<Call> => ({ params: { id: await sendingDomainOf(scene) } });

/** SES and DNS are asked for these. */
const asked = async (scene: Scene): Promise<Call> => {
  await withSes(scene);
  return known(scene);
};

export const domains: Cases = {
  'GET /api/business/domains': { needs, make: () => ({}) },
  'POST /api/business/domains': {
    needs,
    make: async (scene) => {
      await withSes(scene);
      return { body: { domain: `${unique('sub')}.${scene.domain}` } };
    },
  },
  'GET /api/business/domains/{id}': { needs, make: known },
  'DELETE /api/business/domains/{id}': {
    needs,
    make: async (scene) => ({ ...(await known(scene)), query: { deleteIdentity: 'false' } }),
  },
  'POST /api/business/domains/{id}/verify': { needs, make: asked },
  'POST /api/business/domains/{id}/prove': { needs, isUsersOnly: true, isActedFor: true, make: known },
};
