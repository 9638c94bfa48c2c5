import type { Types } from 'mongoose';
import { BusinessModel } from '../../models/business.js';
import { DeliveryModel } from '../../models/delivery.js';
import { EmailCampaignModel } from '../../models/email-campaign.js';
import type { OutboxEvent } from '../../models/event.js';
import { log } from '../log.js';
import { type Subject, subjectOf } from '../outcome-events.js';

/** Documents with events of one round; the next round takes the rest. */
const ROUND = 200;

interface Source {
  _id: Types.ObjectId;
  business: Types.ObjectId;
  isTest?: boolean;
  outbox: OutboxEvent[];
}

const WITH_EVENTS = { 'outbox._id': { $exists: true } };

/**
 * Puts what campaigns, businesses and single messages have to tell into the log. An event keeps the id it was made with, so that a relay
 * that died between the log and the taking out, or a second one beside it, puts it there once.
 * @returns how many events were taken out.
 */
export async function relay(): Promise<number> {
  const campaigns = EmailCampaignModel.collection;
  const businesses = BusinessModel.collection;
  const deliveries = DeliveryModel.collection;
  let count = 0;
  for (const source of await campaigns
    .find<Source>(WITH_EVENTS, { limit: ROUND, projection: { business: 1, isTest: 1, outbox: 1 } })
    .toArray()) {
    const about = { business: source.business, campaign: source._id, ...(source.isTest ? { isTest: true } : {}) };
    await log(source.outbox.map((event) => ({ ...event, ...about })));
    await campaigns.updateOne({ _id: source._id }, taken(source));
    count += source.outbox.length;
  }
  for (const source of await businesses
    .find<Source>(WITH_EVENTS, { limit: ROUND, projection: { outbox: 1 } })
    .toArray()) {
    await log(source.outbox.map((event) => ({ ...event, business: source._id })));
    await businesses.updateOne({ _id: source._id }, taken(source));
    count += source.outbox.length;
  }
  for (const source of await deliveries.find<Source & Subject>(WITH_EVENTS, { limit: ROUND }).toArray()) {
    await log(source.outbox.map((event) => ({ ...event, ...subjectOf(source) })));
    await deliveries.updateOne({ _id: source._id }, taken(source));
    count += source.outbox.length;
  }
  return count;
}

const taken = ({ outbox }: Source) => ({ $pull: { outbox: { _id: { $in: outbox.map(({ _id }) => _id) } } } }) as object;
