import { BusinessModel } from '../../src/models/business.js';
import { EventModel } from '../../src/models/event.js';
import { checkDue } from '../../src/sending/domains/due.js';
import { relay } from '../../src/sending/upkeep/outbox.js';
import type { Registered } from './factories.js';
import type { NameServer } from './name-server.js';
import { until } from './until.js';

/** A domain as the API shows it. */
export interface ShownDomain {
  id: string;
  domain: string;
  status: string;
  verified: boolean;
  problem: string | null;
  records: { type: string; name: string; value: string; priority?: number; purpose: string; state: string }[];
}

/** Publishes records of a domain, all but those for these purposes. */
export function publish(dns: NameServer, { records }: ShownDomain, ...but: string[]): void {
  for (const { type, name, value, priority = 0, purpose } of records) {
    if (but.includes(purpose)) continue;
    const known = dns.names.get(name) ?? {};
    if (type === 'TXT') known.TXT = [...(known.TXT ?? []), value];
    if (type === 'CNAME') known.CNAME = value;
    if (type === 'MX') known.MX = [...(known.MX ?? []), { priority, exchange: value }];
    dns.names.set(name, known);
  }
}

/** Runs a round of the background's checks, as though all of the business's were due. */
export async function checkNow({ businessId }: Pick<Registered, 'businessId'>): Promise<void> {
  await BusinessModel.updateMany({}, { $set: { 'sendingDomains.$[].nextCheckAt': new Date(8.64e15) } });
  await BusinessModel.updateOne({ _id: businessId }, { $set: { 'sendingDomains.$[].nextCheckAt': new Date(0) } });
  await until(async () => (await checkDue()) === 0);
}

/** The types of the business's events about domains, in order, once they are in the log. */
export async function domainEvents({ businessId }: Pick<Registered, 'businessId'>) {
  await relay();
  const events = await EventModel.find({ business: businessId, type: /^domain\./ })
    .sort({ _id: 1 })
    .lean();
  return events.map(({ type, data }) => ({ type, data }));
}
