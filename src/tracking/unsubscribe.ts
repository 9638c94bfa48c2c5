import { BusinessModel } from '../models/business.js';
import { type Delivery, DeliveryModel } from '../models/delivery.js';
import { JOURNALED } from '../mongo.js';
import { log } from '../sending/log.js';
import { subjectOf } from '../sending/outcome-events.js';
import { reasonOf, suppress, unsuppress } from '../sending/suppression.js';
import { owned } from '../tenant.js';
import { idWithin } from './event-ids.js';
import { type Unsubscribe, verifyUnsubscribe } from './tokens.js';

/** Whom an unsubscribe link is about. */
export interface Subscriber extends Unsubscribe {
  /** The business's name, as its recipients know it. */
  sender: string;
}

/**
 * Reads an unsubscribe link. It works whatever became of campaign, delivery or business: also a suspended one's
 * recipients may leave.
 * @returns undefined when nobody signed the token, or the business is gone.
 */
export async function read(token: string): Promise<Subscriber | undefined> {
  const link = verifyUnsubscribe(token);
  if (!link) return undefined;
  const business = await BusinessModel.findById(link.businessId, { name: 1 }).lean();
  return business ? { ...link, sender: business.name } : undefined;
}

/**
 * Stops bulk mail to the address; any number of times. The delivery, if it is still there, notes the first; the log, each
 * that is news.
 */
export async function unsubscribe({ businessId, deliveryId, email }: Subscriber): Promise<void> {
  const tenant = { businessId };
  const source = `link:${deliveryId.toHexString()}`;
  await suppress(tenant, email, 'unsubscribed', source);
  await DeliveryModel.updateOne(
    owned(tenant, { _id: deliveryId, unsubscribedAt: { $exists: false } }),
    { $set: { unsubscribedAt: new Date() } },
    { writeConcern: JOURNALED },
  );
  const reason = await reasonOf(tenant, email, 'unsubscribed');
  if (reason?.source === source) await tellLog({ businessId, deliveryId, email }, reason.at);
}

/** The same event whenever it is told: also by the second try where the first one ended before this. */
async function tellLog({ businessId, deliveryId, email }: Unsubscribe, at: Date): Promise<void> {
  const delivery = await DeliveryModel.findOne(owned({ businessId }, { _id: deliveryId }), {
    campaign: 1,
    message: 1,
    isTest: 1,
  }).lean<Pick<Delivery, 'campaign' | 'message' | 'isTest'>>();
  await log([
    {
      _id: idWithin(['unsubscribed', deliveryId.toHexString()], at, 1),
      type: 'email.unsubscribed',
      at,
      ...subjectOf({ ...delivery, _id: deliveryId, business: businessId, email }),
    },
  ]);
}

/** Takes the unsubscription back, and nothing else: an address that bounced stays suppressed. */
export async function resubscribe({ businessId, email }: Subscriber): Promise<void> {
  await unsuppress({ businessId }, email, 'unsubscribed');
}
