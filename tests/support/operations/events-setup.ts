import type { Case, Cases } from './case.js';
import { type Scene, withSes } from './scene.js';

const access = { needs: ['manage_settings'], isUsersOnly: true } as const;

const connected: Case['make'] = async (scene: Scene) => {
  await withSes(scene);
  return {};
};

const byHand = ({ word }: Scene) => ({
  topicArn: `arn:aws:sns:eu-west-1:123456789012:${word}`,
  configurationSet: word,
});

export const eventsSetup: Cases = {
  'GET /api/business/events-setup': { needs: ['manage_settings'], make: () => ({}) },
  'POST /api/business/events-setup': { ...access, make: connected },
  'PUT /api/business/events-setup': { ...access, make: (scene) => ({ body: byHand(scene) }) },
  'POST /api/business/events-setup/rotate': { ...access, make: connected },
};
