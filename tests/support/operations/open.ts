import type { Cases } from './case.js';

/** What anybody may ask. */
export const open: Cases = {
  'GET /api/health': { needs: 'nobody', make: () => ({}) },
  'GET /api/health/ready': { needs: 'nobody', make: () => ({}) },
  'GET /api/openapi.json': { needs: 'nobody', make: () => ({}) },
  'GET /api/docs': { needs: 'nobody', make: () => ({}) },
  'GET /reset-password': { needs: 'nobody', make: () => ({}) },
  'GET /accept-invitation': { needs: 'nobody', make: () => ({}) },
};
