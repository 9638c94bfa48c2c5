import { member } from '../people.js';
import type { Call, Cases } from './case.js';
import type { Scene } from './scene.js';
import { addressOf, named } from './things.js';

const access = { needs: ['manage_users'], isUsersOnly: true } as const;

const memberOf = (scene: Scene) => member(scene, { email: addressOf(scene), name: named(scene) });
const known = async (scene: Scene): Promise<Call> => ({ params: { id: (await memberOf(scene)).id } });

export const users: Cases = {
  'GET /api/users': {
    ...access,
    make: async (scene) => {
      for (const _ of [1, 2]) await memberOf(scene);
      return { query: { limit: '1', search: 'p', role: 'business_user', isActive: 'true' } };
    },
    cross: async (_own, other) => [{ query: { search: other.email } }],
  },
  'POST /api/users': {
    ...access,
    make: (scene) => ({
      body: {
        email: addressOf(scene),
        name: named(scene),
        password: 'Test123!',
        role: 'business_user',
        permissions: ['view_analytics'],
      },
    }),
  },
  'GET /api/users/{id}': { ...access, make: known },
  'PATCH /api/users/{id}': {
    ...access,
    make: async (scene) => ({
      ...(await known(scene)),
      body: { name: named(scene), role: 'business_user', permissions: ['send_emails'], isActive: true },
    }),
  },
  'DELETE /api/users/{id}': { ...access, make: known },
};
