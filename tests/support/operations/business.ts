import type { Cases } from './case.js';
import { withSes } from './scene.js';
import { named } from './things.js';

export const business: Cases = {
  'GET /api/business': { needs: 'business', make: () => ({}) },
  'PATCH /api/business': {
    needs: ['manage_settings'],
    make: (scene) => ({
      body: { name: named(scene), settings: { defaultFromEmail: `hello@${scene.domain}`, timezone: 'Europe/Berlin' } },
    }),
  },
  'GET /api/business/stats': {
    needs: ['view_analytics'],
    make: () => ({ query: { from: '2026-11-01', to: '2026-11-30' } }),
  },
  'GET /api/business/usage': { needs: ['view_analytics'], make: () => ({}) },
  'PUT /api/business/ses': {
    needs: ['manage_settings'],
    isUsersOnly: true,
    make: ({ word }) => ({
      body: { accessKeyId: `AKIA${word.toUpperCase()}`, secretAccessKey: `secret-${word}`, region: 'eu-west-1' },
    }),
  },
  'DELETE /api/business/ses': { needs: ['manage_settings'], isUsersOnly: true, make: () => ({}) },
  'POST /api/business/ses/check': {
    needs: ['manage_settings'],
    make: async (scene) => {
      await withSes(scene);
      return {};
    },
  },
};
