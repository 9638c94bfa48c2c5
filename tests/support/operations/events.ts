import { Types } from 'mongoose';
import { DeliveryModel } from '../../../src/models/delivery.js';
import { EventModel } from '../../../src/models/event.js';
import { SES_EVENTS } from '../ses-events.js';
import { type Inbox, inboxOf, notification, signed } from '../sns.js';
import type { Call, Cases } from './case.js';
import type { Scene } from './scene.js';
import { campaignOf, inHours, recipientOf } from './things.js';

const oneOf = async (campaign: string) =>
  DeliveryModel.findById(await recipientOf(campaign))
    .lean()
    .orFail();

/** A tenant has one inbound URL at a time: all calls of a scene go to the same. */
const inboxes = new WeakMap<Scene, Promise<Inbox>>();

/** What SNS posts to the inbound URL of `own`: SES's word on a message of `about`. */
async function bounceOf(own: Scene, about: Scene): Promise<Call> {
  const inbox = inboxes.get(own) ?? inboxOf(own);
  inboxes.set(own, inbox);
  const { path, topicArn } = await inbox;
  const event = SES_EVENTS.bounce(await oneOf(await campaignOf(about, 'sent')));
  return {
    params: { token: path.split('/').at(-1) ?? '' },
    body: JSON.stringify(signed(notification(topicArn, event))),
    type: 'text/plain',
  };
}

export const events: Cases = {
  'GET /api/events': {
    needs: ['view_analytics'],
    make: async ({ businessId, word }) => {
      const business = new Types.ObjectId(businessId);
      const data = { reason: word };
      const row = { business, type: 'email.failed', at: new Date(), data, expiresAt: new Date(inHours(24)) } as const;
      await EventModel.create([
        { ...row, _id: new Types.ObjectId() },
        { ...row, _id: new Types.ObjectId() },
      ]);
      return { query: { limit: '1', type: 'email.failed', from: inHours(-1), to: inHours(1) } };
    },
    cross: async (_own, other) => {
      const campaign = await campaignOf(other, 'sent');
      const { email, _id } = await oneOf(campaign);
      const filters: Record<string, string>[] = [{ email }, { campaign }, { delivery: _id.toHexString() }];
      return filters.map((query) => ({ query }));
    },
  },
  'POST /api/inbound/ses/{token}': {
    needs: 'link',
    make: (scene) => bounceOf(scene, scene),
    cross: async (own, other) => [await bounceOf(own, other)],
  },
};
