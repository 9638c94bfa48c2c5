import { Types } from 'mongoose';
import { type Delivery, DeliveryModel, type DeliveryStatus } from '../models/delivery.js';
import { JOURNALED } from '../mongo.js';
import type { SesEvent } from '../ses/events.js';
import { owned, type Tenant } from '../tenant.js';
import { EVENT_RANK, REJECTED } from './states.js';
import { suppress } from './suppression.js';

/** Addresses of SES's mailbox simulator prove nothing about a sender. */
const SIMULATOR = /@simulator\.amazonses\.com$/i;

/** The account's own list kept it back: nobody was bothered (Amazon SES Developer Guide, "account-level suppression list"). */
const ON_ACCOUNT_LIST = 'OnAccountSuppressionList';

/** What an event makes of a delivery. */
interface Effect {
  status: DeliveryStatus;
  timestamp?: 'deliveredAt' | 'bouncedAt' | 'complainedAt' | 'failedAt';
  error?: { code: string; message: string };
  harm?: 'bounced' | 'complained' | undefined;
}

/**
 * Moves the delivery that an event is about, forward only (`EVENT_RANK`), whatever the order and the number of events.
 * It settles what was in doubt: also a delivery that waits for another try, of which an earlier attempt is now known to
 * have gone out. Only a delivery of the tenant's, named by the hub's own tags, is touched.
 * @returns whether there is such a delivery.
 */
export async function applyEvent(tenant: Tenant, event: SesEvent): Promise<boolean> {
  const { delivery: id, attempt } = event.tags;
  if (!id || !Types.ObjectId.isValid(id) || !attempt || attempt < 1) return false;
  const effect = effectOf(event);
  // What SES rejected was not sent by that attempt; whether another one was, is not its to say.
  const attempts = event.kind === 'reject' ? attempt : { $gte: attempt };
  const filter = owned(tenant, { _id: new Types.ObjectId(id), attempts });
  if (!effect) return (await DeliveryModel.exists(filter)) !== null;
  const delivery = await DeliveryModel.findOneAndUpdate(filter, updateFor(event, effect), {
    updatePipeline: true,
    returnDocument: 'after',
    lean: true,
    writeConcern: JOURNALED,
  });
  if (!delivery) return false;
  await suppressFor(tenant, event, delivery);
  return true;
}

function effectOf(event: SesEvent): Effect | undefined {
  switch (event.kind) {
    case 'send':
      return { status: 'sent' };
    case 'delivery':
      return { status: 'delivered', timestamp: 'deliveredAt' };
    case 'reject':
      return {
        status: 'failed',
        timestamp: 'failedAt',
        error: { code: REJECTED, message: event.reason },
      };
    case 'bounce':
      // A transient bounce may be followed by a delivery: it says only that the message went out.
      if (!event.isPermanent) return { status: 'sent' };
      return {
        status: 'bounced',
        timestamp: 'bouncedAt',
        error: { code: event.subType || 'Permanent', message: event.diagnostic },
        harm: countsAgainst(event) ? 'bounced' : undefined,
      };
    case 'complaint':
      if (event.isNotSpam) return undefined;
      return {
        status: 'complained',
        timestamp: 'complainedAt',
        harm: countsAgainst(event) ? 'complained' : undefined,
      };
  }
}

function countsAgainst(event: SesEvent & { subType: string }): boolean {
  return event.subType !== ON_ACCOUNT_LIST && !event.recipients.some((address) => SIMULATOR.test(address));
}

/** One pipeline, so that what the delivery is and what it becomes are seen at one moment. */
function updateFor(event: SesEvent, { status, timestamp, error, harm }: Effect) {
  const target = EVENT_RANK[status];
  const below = Object.entries(EVENT_RANK).flatMap(([from, rank]) => (rank < target ? [from] : []));
  const isRefused = { $and: [{ $eq: ['$status', 'failed'] }, { $ne: ['$error.code', REJECTED] }] };
  // Rejected, it waits for the try that a person asked for; taken, it needs none.
  const moves =
    status === 'failed'
      ? { $and: [{ $in: ['$status', below] }, { $ne: ['$status', 'pending'] }] }
      : { $or: [{ $in: ['$status', below] }, isRefused] };
  // Of several events of a kind the earliest counts, whichever came first.
  const earliest = (field: keyof Delivery) => ({ $min: [`$${field}`, event.at] });
  const keep = (field: keyof Delivery) => ({ $ifNull: [`$${field}`, '$$REMOVE'] });
  // What had counted as a bounce may turn out a complaint; nothing else about it changes.
  const isNews = harm === 'complained' ? { $ne: ['$harm', harm] } : { $eq: [{ $type: '$harm' }, 'missing'] };
  return [
    { $set: { moves, isRefused: status === 'failed' ? false : isRefused } },
    {
      $set: {
        // The attempt that SES refused used nothing of the month; the one that went out is among `pastPeriods`.
        claim: { $cond: ['$isRefused', '$$REMOVE', keep('claim')] },
        failedAt: { $cond: ['$isRefused', '$$REMOVE', keep('failedAt')] },
        status: { $cond: ['$moves', status, '$status'] },
        messageId: { $ifNull: ['$messageId', { $literal: event.messageId }] },
        // SES had taken it, whatever became of it then: also what it rejected afterwards.
        sentAt: { $ifNull: ['$sentAt', event.sentAt] },
        ...(timestamp ? { [timestamp]: earliest(timestamp) } : {}),
        ...(harm
          ? { harm: { $cond: [isNews, harm, '$harm'] }, harmedAt: { $cond: [isNews, '$$NOW', '$harmedAt'] } }
          : {}),
        error: { $cond: ['$moves', error ? { $literal: error } : '$$REMOVE', keep('error')] },
        unconfirmedAt: { $cond: ['$moves', '$$REMOVE', keep('unconfirmedAt')] },
      },
    },
    { $unset: ['moves', 'isRefused'] },
  ];
}

async function suppressFor(tenant: Tenant, event: SesEvent, { _id, email }: Delivery): Promise<void> {
  const source = `ses:${_id.toHexString()}`;
  if (event.kind === 'bounce' && event.isPermanent) await suppress(tenant, email, 'bounced', source);
  if (event.kind === 'complaint' && !event.isNotSpam) await suppress(tenant, email, 'complained', source);
}
