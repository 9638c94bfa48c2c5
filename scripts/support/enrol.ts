import type { AccountSettings } from '../../src/embedded/ses/settings.js';
import type { Client } from './client.js';
import { setBusiness } from './ledger.js';
import type { Stand } from './stand.js';
import { moveIn, type Tenant } from './tenant.js';

/** Far above what anything here uses. */
export const ENOUGH_A_MONTH = 1_000_000_000;

/** A tenant with an SES account of its own. */
export interface Enrolled extends Tenant {
  /** A domain that nobody else has, for addresses. */
  domain: string;
  /** The hub, as the tenant's project calls it. */
  project: Client;
}

/** Who is enrolled, and what it may send. */
export interface Newcomer {
  /** Letters, digits and hyphens; nobody else's on the stand. */
  name: string;
  /** What its SES account allows, where that is not what the stand's accounts start with. */
  account?: Partial<AccountSettings>;
  /** Messages a month; more than enough where absent. */
  month?: number;
}

/** Registers a business, connects an SES account, and sets the month's limit past every rule of the hub. */
export async function enrol(stand: Stand, { name, account, month = ENOUGH_A_MONTH }: Newcomer): Promise<Enrolled> {
  const domain = `${name}.example`;
  const accessKeyId = `AKIA${name.replaceAll('-', '').toUpperCase()}`;
  if (account) await stand.ses.changeAccount(accessKeyId, account);
  const tenant = await moveIn(stand.hub, {
    businessName: name,
    domain,
    admin: { name: 'Isla Campbell', email: `admin@${domain}` },
    accessKeyId,
    keyName: 'The project',
  });
  await setBusiness(tenant.businessId, { 'subscription.emailsPerMonth': month }, stand);
  return { ...tenant, domain, project: stand.hub.as(tenant.key) };
}
