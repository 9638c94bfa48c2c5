import { randomBytes } from 'node:crypto';
import { DeliveryModel } from '../../../src/models/delivery.js';
import { as } from '../sending.js';
import type { Case, Cases } from './case.js';
import { type Scene, withSes } from './scene.js';
import { addressOf, inHours, templateOf } from './things.js';

const needs: Case['needs'] = ['send_emails', 'send_transactional'];

const messageOf = (scene: Scene) => ({
  to: [`${scene.word} <${addressOf(scene)}>`],
  cc: [addressOf(scene)],
  from: `news@${scene.domain}`,
  replyTo: `reply@${scene.domain}`,
  subject: scene.word,
  html: `<p>${scene.word}</p>`,
  text: scene.word,
  attachments: [{ filename: 'a.txt', content: randomBytes(6).toString('base64'), contentType: 'text/plain' }],
  headers: { 'X-Order': scene.word },
  tags: { order: '4711' },
  expiresAt: inHours(24),
  stream: 'transactional',
});

/** The id of a new message of the tenant's that is to be sent in an hour. */
async function emailOf(scene: Scene): Promise<string> {
  await withSes(scene);
  const body = { ...messageOf(scene), scheduledFor: inHours(1) };
  const { email } = await as(scene, 'post', '/api/emails', body, 202);
  return email.id;
}

export const emails: Cases = {
  'POST /api/emails': {
    needs,
    make: async (scene) => {
      await withSes(scene);
      return { body: messageOf(scene) };
    },
    cross: async (own, other) => {
      await withSes(own);
      const { html, text, ...rest } = messageOf(own);
      return [
        { body: { ...rest, template: await templateOf(other) } },
        { body: { ...messageOf(own), from: `news@${other.domain}` } },
      ];
    },
  },
  'POST /api/emails/batch': {
    needs,
    make: async (scene) => {
      await withSes(scene);
      return { body: { emails: [messageOf(scene)] } };
    },
  },
  'GET /api/emails': { needs, make: () => ({ query: { limit: '1', stream: 'transactional', tag: 'order:4711' } }) },
  'GET /api/emails/{id}': { needs, make: async (scene) => ({ params: { id: await emailOf(scene) } }) },
  'POST /api/emails/{id}/cancel': { needs, make: async (scene) => ({ params: { id: await emailOf(scene) } }) },
  'POST /api/emails/{id}/retry': {
    needs,
    make: async (scene) => {
      const id = await emailOf(scene);
      const failed = { status: 'failed', failedAt: new Date(0), error: { code: 'expired', message: 'Too late' } };
      await DeliveryModel.updateMany({ message: id }, failed);
      return { params: { id } };
    },
  },
};
