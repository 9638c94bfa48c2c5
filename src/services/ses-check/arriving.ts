import type { Business } from '../../models/business.js';
import { DeliveryModel } from '../../models/delivery.js';
import { configurationSetOf } from '../../ses/configuration-set.js';
import { type Finding, ok, warning } from './finding.js';

const DAY_MS = 86_400_000;

/** SES tells of a message within seconds; after this, in ms, silence is one. */
const PATIENCE_MS = 10 * 60_000;

/** Counting ends here: that much went out is all that matters. */
const MANY = 10_000;

/** Whether events come back when mail goes out: what was sent in the last day, and the last event. */
export async function checkArriving(business: Business): Promise<Finding[]> {
  if (!configurationSetOf(business)) return [];
  const now = Date.now();
  const since = new Date(now - DAY_MS);
  const until = new Date(now - PATIENCE_MS);
  const where = { business: business._id, sentAt: { $gte: since, $lte: until }, isTest: { $ne: true } };
  const sent = await DeliveryModel.countDocuments(where).limit(MANY);
  const last = business.eventWiring?.lastEventAt;
  if (sent === 0) return [ok('events_arriving', 'Nothing was sent in the last day')];
  const many = sent === MANY ? `${MANY} or more` : String(sent);
  if (last && last >= since) {
    return [
      ok('events_arriving', `${many} messages were sent in the last day; the last event came ${last.toISOString()}`),
    ];
  }
  return [
    warning(
      'events_arriving',
      `${many} messages were sent in the last day, and no event came back`,
      'Mend what the other checks say of the wiring; messages sent before it was confirmed have no events',
    ),
  ];
}
