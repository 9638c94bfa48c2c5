import { ApiKeyModel } from '../../../src/models/api-key.js';
import type { Cases } from './case.js';
import { keyWith, type Scene } from './scene.js';
import { named } from './things.js';

const access = { needs: ['manage_settings'], isUsersOnly: true } as const;

async function keyIdOf(scene: Scene): Promise<string> {
  await keyWith(scene, ['view_analytics']);
  const newest = await ApiKeyModel.findOne({ business: scene.businessId }).sort({ _id: -1 }).lean().orFail();
  return newest._id.toHexString();
}

export const apiKeys: Cases = {
  'POST /api/business/api-keys': {
    ...access,
    make: (scene) => ({ body: { name: named(scene), permissions: ['send_emails', 'view_analytics'] } }),
  },
  'GET /api/business/api-keys': { ...access, make: () => ({ query: { limit: '1' } }) },
  'POST /api/business/api-keys/{id}/rotate': {
    ...access,
    make: async (scene) => ({ params: { id: await keyIdOf(scene) }, body: { overlapHours: 1 } }),
  },
  'DELETE /api/business/api-keys/{id}': {
    ...access,
    make: async (scene) => ({ params: { id: await keyIdOf(scene) } }),
  },
};
