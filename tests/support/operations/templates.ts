import type { Call, Case, Cases } from './case.js';
import type { Scene } from './scene.js';
import { named, templateOf } from './things.js';

const needs: Case['needs'] = ['manage_templates'];
const known = async (scene: Scene): Promise<Call> => ({ params: { id: await templateOf(scene) } });

export const templates: Cases = {
  'POST /api/templates': {
    needs,
    make: (scene) => ({
      body: {
        name: named(scene),
        description: named(scene),
        subject: `${scene.word} for {{ name }}`,
        content: { html: `<p>${scene.word}</p>`, text: scene.word },
        variables: [{ name: 'city', description: scene.word, defaultValue: scene.word, required: true }],
        category: 'newsletter',
        tags: [scene.word],
        thumbnail: `https://${scene.domain}/t.png`,
        isActive: true,
      },
    }),
  },
  'GET /api/templates': { needs, make: ({ word }) => ({ query: { limit: '1', category: 'other', search: word } }) },
  'GET /api/templates/{id}': { needs, make: known },
  'PATCH /api/templates/{id}': {
    needs,
    make: async (scene) => ({ ...(await known(scene)), body: { name: named(scene), tags: [scene.word] } }),
  },
  'DELETE /api/templates/{id}': { needs, make: known },
  'POST /api/templates/{id}/preview': {
    needs,
    make: async (scene) => ({ ...(await known(scene)), body: { variables: { name: scene.word } } }),
  },
  'POST /api/templates/{id}/duplicate': {
    needs,
    make: async (scene) => ({ ...(await known(scene)), body: { name: named(scene) } }),
  },
};
