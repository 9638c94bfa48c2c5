import { Types } from 'mongoose';
import { EventModel } from '../../../src/models/event.js';
import { WebhookAttemptModel } from '../../../src/models/webhook-attempt.js';
import { as } from '../sending.js';
import type { Call, Case, Cases } from './case.js';
import type { Scene } from './scene.js';
import { inHours, named } from './things.js';

const needs: Case['needs'] = ['manage_settings'];
const access = { needs, isUsersOnly: true } as const;

/** A business has twenty at most: what does not end one shares the first. */
const firsts = new WeakMap<Scene, Promise<string>>();

async function newWebhook(scene: Scene): Promise<string> {
  const { webhook } = await as(scene, 'post', '/api/webhooks', letter(scene), 201);
  return webhook.id;
}

function webhookOf(scene: Scene): Promise<string> {
  const first = firsts.get(scene) ?? newWebhook(scene);
  firsts.set(scene, first);
  return first;
}

const letter = (scene: Scene) => ({
  name: named(scene),
  url: `https://hooks.${scene.domain}/${scene.word}`,
  types: ['email.bounced', 'campaign.completed'],
  description: named(scene),
});

const known = async (scene: Scene): Promise<Call> => ({ params: { id: await webhookOf(scene) } });

/** An attempt at an event that the log has. */
async function attemptOf(scene: Scene, endpoint: string): Promise<string> {
  const business = new Types.ObjectId(scene.businessId);
  const row = { _id: new Types.ObjectId(), business, type: 'email.bounced', at: new Date() } as const;
  await EventModel.create({ ...row, data: { diagnostic: scene.word }, expiresAt: new Date(inHours(24)) });
  const attempt = await WebhookAttemptModel.create({
    ...{ business, endpoint, event: row._id, type: row.type, url: `https://hooks.${scene.domain}/`, number: 1 },
    ...{ cause: 'event', status: 'failed', at: new Date(), durationMs: 12, httpStatus: 500, body: scene.word },
  });
  return attempt._id.toHexString();
}

export const webhooks: Cases = {
  'GET /api/webhooks': {
    needs,
    make: async (scene) => {
      await webhookOf(scene);
      await newWebhook(scene);
      return { query: { limit: '1' } };
    },
  },
  'POST /api/webhooks': {
    ...access,
    make: (scene) => ({ body: letter(scene) }),
  },
  'GET /api/webhooks/{id}': { needs, make: known },
  'PATCH /api/webhooks/{id}': {
    needs,
    make: async (scene) => ({ ...(await known(scene)), body: { ...letter(scene), isActive: true } }),
  },
  'DELETE /api/webhooks/{id}': { needs, make: async (scene) => ({ params: { id: await newWebhook(scene) } }) },
  'POST /api/webhooks/{id}/rotate-secret': {
    ...access,
    make: async (scene) => ({ ...(await known(scene)), body: { overlapHours: 1 } }),
  },
  'POST /api/webhooks/{id}/test': { needs, make: known },
  'GET /api/webhooks/{id}/attempts': {
    needs,
    make: async (scene) => {
      const { params } = await known(scene);
      const id = String(params?.id);
      await attemptOf(scene, id);
      await attemptOf(scene, id);
      return { params: { id }, query: { limit: '1', status: 'failed' } };
    },
  },
  'POST /api/webhooks/{id}/attempts/{attemptId}/redeliver': {
    needs,
    make: async (scene) => {
      const id = await webhookOf(scene);
      return { params: { id, attemptId: await attemptOf(scene, id) } };
    },
    cross: async (own, other) => {
      const theirs = await webhookOf(other);
      return [{ params: { id: await webhookOf(own), attemptId: await attemptOf(other, theirs) } }];
    },
  },
  'POST /api/webhooks/{id}/replay': {
    needs,
    make: async (scene) => {
      // One at a time runs.
      const id = await newWebhook(scene);
      return { params: { id }, body: { from: inHours(-1), to: inHours(0), types: ['email.bounced'] } };
    },
  },
};
