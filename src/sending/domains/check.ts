import { Types } from 'mongoose';
import { config } from '../../config.js';
import { logger } from '../../logger.js';
import { type Business, BusinessModel, type SendingDomain } from '../../models/business.js';
import { JOURNALED } from '../../mongo.js';
import { administer } from '../../ses/administration.js';
import { type IdentityState, readIdentities } from '../../ses/identities.js';
import { claim } from './claims.js';
import { isWithin } from './names.js';
import { observe } from './observe.js';
import { recordsOf } from './records.js';
import { judge, type Seen, type Verdict } from './state.js';

type Owner = Pick<Business, '_id' | 'sesConfiguration' | 'sendingDomains'>;

/**
 * Looks at sending domains of a business, at SES and in DNS, and writes what follows: state, next check, and the event of a
 * change, in one update. What SES or DNS does not answer changes nothing but the time of the next check.
 */
export async function check(business: Owner, domains: readonly SendingDomain[]): Promise<void> {
  if (domains.length === 0) return;
  const [asked, records] = await Promise.all([
    askSes(business, domains),
    Promise.all(domains.map((domain) => observe(recordsOf(domain, business.sesConfiguration.region)))),
  ]);
  for (const [n, domain] of domains.entries()) {
    const states = records[n] ?? {};
    const seen: Seen = {
      ses: asked.states?.get(domain.domain),
      sesProblem: asked.problem,
      records: states,
      isProofOff: config().isDomainProofOff,
      ...(await prove(business, domain, states.proof === 'published')),
    };
    await write(business._id, domain, judge(domain, seen, new Date()));
  }
}

async function askSes(
  business: Owner,
  domains: readonly SendingDomain[],
): Promise<{ states?: Map<string, IdentityState>; problem?: string }> {
  const names = domains.map(({ domain }) => domain);
  try {
    const states = await administer(business, (account) => readIdentities(account, names));
    return states ? { states } : { problem: 'No SES account is connected' };
  } catch (err) {
    logger().warn({ err, businessId: business._id }, 'SES could not be asked about sending domains');
    const { name, message } = err as Error;
    return { problem: `SES could not be asked: ${name}: ${message}`.slice(0, 500) };
  }
}

/** Binds a domain to the business once its record, or a proven domain above it, says that it is the business's. */
async function prove(
  { _id, sendingDomains }: Owner,
  { domain, proof }: SendingDomain,
  isPublished: boolean,
): Promise<Pick<Seen, 'proof' | 'proofProblem'>> {
  if (proof) return { proof };
  const isBelow = sendingDomains.some((other) => other.proof && isWithin(domain, other.domain));
  if (!isPublished && !isBelow) return { proof };
  if (!(await claim(_id, domain))) return { proof, proofProblem: TAKEN };
  return { proof: { by: isPublished ? 'dns' : 'parent', at: new Date() } };
}

export const TAKEN =
  'This domain, or one above or below it, belongs to another business of this hub; ask the administrator of the hub';

/**
 * Writes a verdict about a domain as it was read; where somebody wrote it meanwhile, nothing.
 * @returns whether it was written.
 */
export async function write(
  businessId: Types.ObjectId,
  { _id, domain, revision }: Pick<SendingDomain, '_id' | 'domain' | 'revision'>,
  { set, event }: Verdict,
): Promise<boolean> {
  const fields = Object.entries(set).map(([name, value]) => [`sendingDomains.$.${name}`, value] as const);
  const told = event && {
    _id: new Types.ObjectId(),
    type: event,
    at: new Date(),
    data: { id: _id.toHexString(), domain, ...(set.problem ? { reason: set.problem } : {}) },
  };
  const { matchedCount } = await BusinessModel.updateOne(
    { _id: businessId, sendingDomains: { $elemMatch: { _id, revision } } },
    {
      $set: Object.fromEntries(fields.filter(([, value]) => value !== undefined)),
      $unset: Object.fromEntries(fields.filter(([, value]) => value === undefined).map(([name]) => [name, 1])),
      $inc: { 'sendingDomains.$.revision': 1 },
      ...(told ? { $push: { outbox: told } } : {}),
    },
    { writeConcern: JOURNALED, timestamps: false },
  );
  return matchedCount === 1;
}
