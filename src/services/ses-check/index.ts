import { sesNotConfigured } from '../../errors.js';
import { redis } from '../../redis.js';
import { administer } from '../../ses/administration.js';
import type { Tenant } from '../../tenant.js';
import * as businesses from '../businesses.js';
import { checkAccount } from './account.js';
import { checkArriving } from './arriving.js';
import { checkCredentials } from './credentials.js';
import { checkDomains } from './domains.js';
import type { Finding } from './finding.js';
import { checkWiring } from './wiring.js';

/** The answer holds so long, in seconds: SES allows one call a second, and a check makes about eight. */
const FRESH_S = 5;

/** What the doctor found, and when. */
export interface Diagnosis {
  checkedAt: string;
  findings: Finding[];
}

/** Checks under way in this process, by business: whoever asks meanwhile gets the same answer. */
const underWay = new Map<string, Promise<Diagnosis>>();

/**
 * Examines everything that sending depends on in the tenant's SES account and in DNS. What cannot be asked is a warning that
 * says why. At most five seconds old.
 * @throws AppError `ses_not_configured`, `not_found`.
 */
export async function check({ businessId }: Tenant): Promise<Diagnosis> {
  const id = businessId.toHexString();
  const known = underWay.get(id);
  if (known) return known;
  const running = fresh({ businessId }).finally(() => underWay.delete(id));
  underWay.set(id, running);
  return running;
}

async function fresh(tenant: Tenant): Promise<Diagnosis> {
  const business = await businesses.get(tenant.businessId);
  // Whatever was changed since is to be seen at once.
  const revision = business.sendingDomains.reduce((sum, { revision: n }) => sum + n + 1, 0);
  const wiring = business.eventWiring?.tokenHash.slice(0, 8) ?? '';
  const { accessKeyId = '', verifiedAt } = business.sesConfiguration;
  const key = `pmh:ses-check:${business._id}:${accessKeyId}:${verifiedAt?.getTime() ?? 0}:${revision}:${wiring}`;
  const cached = await redis()
    .get(key)
    .catch(() => null);
  if (cached) return JSON.parse(cached) as Diagnosis;

  const findings = await administer(business, async (account) => {
    const parts = [
      checkCredentials(business, account),
      checkAccount(account),
      checkDomains(business, account),
      checkWiring(business, account),
      checkArriving(business),
    ];
    return (await Promise.all(parts)).flat();
  });
  if (!findings) throw sesNotConfigured();
  const diagnosis = { checkedAt: new Date().toISOString(), findings };
  // Whoever waits for the answer does not wait for this.
  redis()
    .set(key, JSON.stringify(diagnosis), 'EX', FRESH_S)
    .catch(() => undefined);
  return diagnosis;
}
