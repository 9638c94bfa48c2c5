import type { Call, Case, Cases } from './case.js';
import type { Scene } from './scene.js';
import { campaignOf, inHours, letter, named, recipientOf, templateOf } from './things.js';

const needs: Case['needs'] = ['manage_campaigns'];
const known = async (scene: Scene): Promise<Call> => ({ params: { id: await campaignOf(scene) } });

export const campaigns: Cases = {
  'POST /api/campaigns': {
    needs,
    make: async (scene) => {
      const { content, ...rest } = letter(scene);
      return { body: { ...rest, template: await templateOf(scene), dailyCap: 10, ratePerSecond: 5 } };
    },
    cross: async (own, other) => [{ body: { name: named(own), template: await templateOf(other) } }],
  },
  'GET /api/campaigns': { needs, make: () => ({ query: { limit: '1', archived: 'false' } }) },
  'GET /api/campaigns/{id}': { needs, make: known },
  'PATCH /api/campaigns/{id}': {
    needs,
    make: async (scene) => ({
      ...(await known(scene)),
      body: { name: named(scene), content: { html: '<p>x</p>' }, expiresAt: inHours(48), tracking: { opens: true } },
    }),
  },
  'DELETE /api/campaigns/{id}': { needs, make: known },
  'POST /api/campaigns/{id}/duplicate': {
    needs: ['send_emails', 'manage_campaigns'],
    make: async (scene) => ({ ...(await known(scene)), body: { name: named(scene) } }),
  },
  'GET /api/campaigns/{id}/stats': {
    needs: ['view_analytics'],
    make: async (scene) => ({
      params: { id: await campaignOf(scene, 'sent') },
      query: { from: inHours(-24), to: inHours(1) },
    }),
  },
  'GET /api/campaigns/{id}/recipients': {
    needs: ['view_analytics'],
    make: async (scene) => ({ ...(await known(scene)), query: { limit: '1', status: 'pending', email: 'p' } }),
  },
  'POST /api/campaigns/{id}/recipients': {
    needs,
    make: async (scene) => ({
      ...(await known(scene)),
      body: { recipients: [{ email: `new@${scene.domain}`, name: scene.word, variables: { city: scene.word } }] },
    }),
  },
  'DELETE /api/campaigns/{id}/recipients/{recipientId}': {
    needs,
    make: async (scene) => {
      const id = await campaignOf(scene);
      return { params: { id, recipientId: await recipientOf(id) } };
    },
  },
  'GET /api/campaigns/{id}/recipients/export': { needs, make: known },
};
