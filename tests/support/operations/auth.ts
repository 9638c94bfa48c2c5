import { unique } from '../factories.js';
import type { Cases } from './case.js';

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
  'GET /api/auth/me': { needs: 'signed_in', isUsersOnly: true, make: () => ({}) },
};
