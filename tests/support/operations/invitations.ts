import { as } from '../sending.js';
import { tokenTo } from '../system-mail.js';
import type { Cases } from './case.js';
import type { Scene } from './scene.js';
import { addressOf, named } from './things.js';

const access = { needs: ['manage_users'], isUsersOnly: true } as const;

const guest = (scene: Scene) => ({
  email: addressOf(scene),
  name: named(scene),
  role: 'business_user',
  permissions: ['view_analytics'],
});

/** A new open invitation of the tenant's. */
export async function invitationOf(scene: Scene): Promise<{ id: string; email: string }> {
  return (await as(scene, 'post', '/api/users/invite', guest(scene), 201)).invitation;
}

export const invitations: Cases = {
  'POST /api/users/invite': { ...access, make: (scene) => ({ body: guest(scene) }) },
  'GET /api/users/invitations': {
    ...access,
    make: async (scene) => {
      for (const _ of [1, 2]) await invitationOf(scene);
      return { query: { limit: '1' } };
    },
  },
  'DELETE /api/users/invitations/{id}': {
    ...access,
    make: async (scene) => ({ params: { id: (await invitationOf(scene)).id } }),
  },
  'POST /api/auth/accept-invitation': {
    needs: 'nobody',
    make: async (scene) => {
      const { email } = await invitationOf(scene);
      return { body: { token: await tokenTo(email), name: named(scene), password: 'Test123!' } };
    },
  },
};
