import type { CampaignStatus } from '../../../src/models/email-campaign.js';
import type { Call, Case, Cases } from './case.js';
import { type Scene, withSes } from './scene.js';
import { addressOf, campaignOf, inHours } from './things.js';

const needs: Case['needs'] = ['send_emails'];

/** Of a campaign that is where the move begins. */
const from =
  (status: CampaignStatus, body?: object): Case['make'] =>
  async (scene: Scene): Promise<Call> => {
    await withSes(scene);
    return { params: { id: await campaignOf(scene, status) }, ...(body ? { body } : {}) };
  };

export const campaignLife: Cases = {
  'POST /api/campaigns/{id}/preflight': { needs, make: from('draft') },
  'POST /api/campaigns/{id}/send': { needs, make: from('draft') },
  'POST /api/campaigns/{id}/schedule': { needs, make: from('draft', { scheduledFor: inHours(24) }) },
  'POST /api/campaigns/{id}/unschedule': { needs, make: from('scheduled') },
  'POST /api/campaigns/{id}/pause': { needs, make: from('sending') },
  'POST /api/campaigns/{id}/resume': { needs, make: from('paused', { acknowledge: true, expiresAt: inHours(48) }) },
  'POST /api/campaigns/{id}/cancel': { needs, make: from('sending') },
  'POST /api/campaigns/{id}/retry': { needs, make: from('sent', { statuses: ['failed'], expiresAt: inHours(48) }) },
  'POST /api/campaigns/{id}/test': {
    needs,
    needsWorker: true,
    make: async (scene) => ({
      ...(await from('draft')(scene)),
      body: { to: [addressOf(scene)], variables: { name: scene.word } },
    }),
  },
};
