import { isIP } from 'node:net';
import { config } from '../config.js';
import { records, resolver } from '../dns.js';
import { invalid, unavailable } from '../errors.js';
import { BusinessModel } from '../models/business.js';
import type { Tenant } from '../tenant.js';

const PATH = 'settings.trackingDomain';

/**
 * Sees to it that a name is the business's to use in links: it leads to the hub by CNAME, or, where a provider flattens
 * that, to the hub's addresses; and no other business uses it, or has proven a domain above it to be its own.
 * @throws AppError `validation_failed` where it is not; `unavailable` where DNS does not answer.
 */
export async function proveTrackingDomain({ businessId }: Tenant, domain: string): Promise<void> {
  const taken = await BusinessModel.exists({
    _id: { $ne: businessId },
    $or: [
      { 'settings.trackingDomain': domain },
      { sendingDomains: { $elemMatch: { domain: { $in: withParents(domain) }, verified: true } } },
    ],
  });
  if (taken) throw invalid([{ path: PATH, message: 'belongs to another business of this hub' }]);
  const hub = new URL(config().publicUrl).hostname;
  if (await leadsTo(domain, hub)) return;
  throw invalid([{ path: PATH, message: `does not lead to the hub: ${domain} needs a CNAME record with ${hub}` }]);
}

/** The name and those above it, down to two labels. */
function withParents(domain: string): string[] {
  const labels = domain.split('.');
  return labels.slice(0, -1).map((_label, index) => labels.slice(index).join('.'));
}

async function leadsTo(domain: string, hub: string): Promise<boolean> {
  const dns = resolver();
  try {
    const names = await records(dns.resolveCname(domain));
    if (names.some((name) => name.toLowerCase().replace(/\.$/, '') === hub)) return true;
    const [own, theirs] = await Promise.all([addressesOf(domain, dns), addressesOf(hub, dns)]);
    return own.length > 0 && own.every((address) => theirs.includes(address));
  } catch (error) {
    throw unavailable('DNS does not answer right now; try again', error);
  }
}

async function addressesOf(name: string, dns: ReturnType<typeof resolver>): Promise<string[]> {
  if (isIP(name)) return [name];
  const [v4, v6] = await Promise.all([records(dns.resolve4(name)), records(dns.resolve6(name))]);
  return [...v4, ...v6];
}
