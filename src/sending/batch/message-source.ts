import type { Types } from 'mongoose';
import { DeliveryModel } from '../../models/delivery.js';
import { type Message, MessageModel } from '../../models/message.js';
import { JOURNALED } from '../../mongo.js';
import { blockedForAll } from '../suppression.js';
import type { Source } from './source.js';

/** A message outside any campaign, as a batch sees it. What stops it is told to the few it was for: they fail with it. */
export function messageSource({ _id, business, kind, frozen, expiresAt }: Message): Source {
  const fail = async (code: string, message: string) => {
    await DeliveryModel.updateMany(
      { message: _id, status: 'pending' },
      { $set: { status: 'failed', failedAt: new Date(), error: { code, message } } },
      { writeConcern: JOURNALED },
    );
    return { kind: 'stopped' as const };
  };
  return {
    mailing: { _id, business, frozen, tags: { pmh_message: _id.toHexString() } },
    lane: kind,
    // They are few, and in SES's sandbox each address has an answer of its own.
    failsAlone: true,
    capsOf: () => [],

    async isRunning() {
      if (expiresAt.getTime() > Date.now()) return (await MessageModel.exists({ _id, status: 'open' })) !== null;
      await fail('expired', `It could not be sent until ${expiresAt.toISOString()}`);
      return false;
    },

    findDue: (wanted) =>
      DeliveryModel.find({ message: _id, status: 'pending', dueAt: { $lte: new Date() } })
        .limit(wanted)
        .lean(),
    blocked: (emails) => blockedForAll({ businessId: business }, emails),
    started: async () => undefined,
    async cameBack() {
      await reopenMessage(_id);
    },
    stop: fail,
    hold: async ({ retryAt }) => ({ kind: 'wait', ms: Math.max(0, retryAt.getTime() - Date.now()) }),
    refusesAll: async () => false,
  };
}

/** A message with an open delivery is not done: its next turn sends it, or says that it is too late. */
export async function reopenMessage(messageId: Types.ObjectId): Promise<boolean> {
  const { modifiedCount } = await MessageModel.updateOne(
    { _id: messageId, status: 'done' },
    { $set: { status: 'open' } },
  );
  return modifiedCount > 0;
}
