import { unique } from '../factories.js';
import { api } from '../hub.js';
import { member } from '../people.js';
import { tokenTo } from '../system-mail.js';
import type { Cases } from './case.js';
import { userWith } from './scene.js';
import { addressOf, named } from './things.js';

const session = { needs: 'signed_in', isUsersOnly: true } as const;

export const auth: Cases = {
  'POST /api/auth/register': {
    needs: 'nobody',
    make: () => {
      const domain = `${unique('new')}.test`;
      const person = { email: `ann@${domain}`, password: 'Test123!', name: 'Ann' };
      return { body: { businessName: 'New', domain, ...person } };
    },
  },
  'POST /api/auth/login': { needs: 'nobody', make: ({ email, password }) => ({ body: { email, password } }) },
  'GET /api/auth/me': { ...session, make: () => ({}) },
  'POST /api/auth/refresh': { ...session, make: () => ({}) },
  'POST /api/auth/logout': {
    ...session,
    make: async (scene) => ({ token: (await member(scene, { email: addressOf(scene), name: named(scene) })).token }),
  },
  'POST /api/auth/change-password': {
    ...session,
    make: async (scene) => ({
      token: await userWith(scene, ['view_analytics']),
      body: { currentPassword: 'Test123!', newPassword: 'Test456!' },
    }),
  },
  'POST /api/auth/forgot-password': { needs: 'nobody', make: ({ email }) => ({ body: { email } }) },
  'POST /api/auth/reset-password': {
    needs: 'nobody',
    make: async (scene) => {
      const { email } = await member(scene, { email: addressOf(scene), name: named(scene) });
      await api().post('/api/auth/forgot-password').send({ email }).expect(202);
      return { body: { token: await tokenTo(email), password: 'Test456!' } };
    },
  },
};
