import { randomBytes } from 'node:crypto';
import { soleAttempt } from '../attempt.js';
import { conflict, forbidden, notFound, sesNotConfigured } from '../errors.js';
import { type Business, BusinessModel, type SendingDomain } from '../models/business.js';
import { JOURNALED } from '../mongo.js';
import { check, TAKEN, write } from '../sending/domains/check.js';
import { claim, isTaken, release } from '../sending/domains/claims.js';
import { administer } from '../ses/administration.js';
import { deleteIdentity, ensureIdentity, type IdentityTokens } from '../ses/identities.js';
import type { Tenant } from '../tenant.js';
import * as audit from './audit.js';
import { awsRefusal } from './aws-refusal.js';
import * as businesses from './businesses.js';

/** Domains of a business; SES tells of a hundred in one call. */
const MAX_DOMAINS = 100;

/** A domain, and the region whose records it needs. */
export interface Found {
  domain: SendingDomain;
  region: string;
}

/** The tenant's sending domains, as they were added. */
export async function list({ businessId }: Tenant): Promise<Found[]> {
  const { sendingDomains, sesConfiguration } = await businesses.get(businessId);
  return sendingDomains.map((domain) => ({ domain, region: sesConfiguration.region }));
}

/** @throws AppError `not_found`. */
export async function get({ businessId }: Tenant, id: string): Promise<Found> {
  return find(await businesses.get(businessId), id);
}

/**
 * Adds a domain: has SES make its identity, with DKIM and MAIL FROM, and answers what is to be published. Nothing is bound by
 * that: the domain is the tenant's when it is proven. The steps at SES can be repeated, so one that broke off is made again.
 * @throws AppError `ses_not_configured`; `conflict` where it is there, or another business's; as `awsRefusal`.
 */
export async function add(
  { businessId }: Tenant,
  { domain, mailFromSubdomain }: { domain: string; mailFromSubdomain: string },
  attempt = soleAttempt(),
): Promise<Found> {
  const business = await businesses.get(businessId);
  const isAdded = attempt.isRepeat && business.sendingDomains.some(({ _id }) => _id.equals(attempt.id));
  if (isAdded) return find(business, attempt.id.toHexString());
  if (business.sendingDomains.some((own) => own.domain === domain)) throw conflict(`${domain} is there already`);
  if (await isTaken(businessId, domain)) throw conflict(TAKEN);
  const mailFromDomain = `${mailFromSubdomain}.${domain}`;
  const tokens = await ensure(business, domain, mailFromDomain);
  const now = new Date();
  const added = {
    _id: attempt.id,
    domain,
    ...tokens,
    mailFromDomain,
    proofToken: randomBytes(20).toString('base64url'),
    createdAt: now,
    pendingSince: now,
    nextCheckAt: now,
  };
  const changed = await BusinessModel.findOneAndUpdate(
    {
      _id: businessId,
      'sendingDomains.domain': { $ne: domain },
      [`sendingDomains.${MAX_DOMAINS - 1}`]: { $exists: false },
    },
    { $push: { sendingDomains: added } },
    { returnDocument: 'after', writeConcern: JOURNALED, timestamps: false },
  ).lean<Business>();
  if (!changed) throw conflict(`${domain} is there already, or there are ${MAX_DOMAINS} domains, which is the limit`);
  return find(changed, added._id.toHexString());
}

/**
 * Looks at once whether a domain is proven and verified; where SES has given it up, or does not know it, it begins anew.
 * @throws AppError `not_found`; `ses_not_configured`; as `awsRefusal`.
 */
export async function verify(tenant: Tenant, id: string): Promise<Found> {
  const looked = await look(tenant, id);
  const { domain } = looked;
  if (domain.identity !== 'NotStarted' && domain.identity !== 'Failed') return looked;
  const business = await businesses.get(tenant.businessId);
  const mailFromDomain = domain.mailFromDomain ?? `bounce.${domain.domain}`;
  const tokens = await ensure(business, domain.domain, mailFromDomain);
  const anew = domain.verified ? {} : { status: 'pending', pendingSince: new Date(), checks: 0 };
  await write(tenant.businessId, domain, { set: { ...tokens, mailFromDomain, ...anew } });
  return look(tenant, id);
}

/**
 * Takes the word of an administrator of the hub that a domain is the tenant's, where DNS cannot say it. Who gave it stays with
 * the domain, and in the audit log.
 * @throws AppError `forbidden` for anybody else; `not_found`; `conflict` where it is another business's.
 */
export async function prove(tenant: Tenant, actor: audit.UserActor, id: string): Promise<Found> {
  const { caller } = actor;
  if (caller.role !== 'super_admin') throw forbidden('Only an administrator of the hub can vouch for a domain');
  const { domain } = await get(tenant, id);
  const what = { action: 'domain.prove', business: tenant.businessId, detail: { domain: domain.domain, id } };
  return audit.act(actor, what, async () => {
    if (!(await claim(tenant.businessId, domain.domain))) throw conflict(TAKEN);
    const proof = { by: 'admin', at: new Date(), user: caller.id };
    const isWritten = await write(tenant.businessId, domain, { set: { proof, nextCheckAt: new Date() } });
    if (!isWritten) throw conflict('The domain was checked at this very moment; try again');
    return get(tenant, id);
  });
}

/**
 * Gives a domain up: nothing more is sent from it, and another business may prove it. SES keeps the identity unless it is to
 * be deleted, too, which comes first: where that fails, all stays as it is.
 * @throws AppError `not_found`; as `awsRefusal`.
 */
export async function remove(
  { businessId }: Tenant,
  id: string,
  { deleteIdentity: isDeletedAtSes }: { deleteIdentity: boolean },
): Promise<void> {
  const business = await businesses.get(businessId);
  const { domain } = find(business, id);
  if (isDeletedAtSes) {
    const deleted = administer(business, (account) => deleteIdentity(account, domain.domain).then(() => true));
    const isDone = await deleted.catch((error: unknown) => {
      throw awsRefusal(error, 'ses:DeleteIdentity');
    });
    if (!isDone) throw sesNotConfigured();
  }
  // The claim last: where the process dies in between, it is nobody's, and whoever proves the domain next takes it.
  await BusinessModel.updateOne(
    { _id: businessId },
    { $pull: { sendingDomains: { _id: domain._id } } },
    { writeConcern: JOURNALED, timestamps: false },
  );
  await release(businessId, domain.domain);
}

function find({ sendingDomains, sesConfiguration }: Business, id: string): Found {
  const domain = sendingDomains.find(({ _id }) => _id.toHexString() === id);
  if (!domain) throw notFound('domain');
  return { domain, region: sesConfiguration.region };
}

async function look(tenant: Tenant, id: string): Promise<Found> {
  const business = await businesses.get(tenant.businessId);
  const { domain } = find(business, id);
  if (!business.sesConfiguration.secretAccessKey) throw sesNotConfigured();
  await check(business, [domain]);
  return get(tenant, id);
}

async function ensure(business: Business, domain: string, mailFromDomain: string): Promise<IdentityTokens> {
  const ensured = administer(business, (account) => ensureIdentity(account, domain, mailFromDomain));
  const tokens = await ensured.catch((error: unknown) => {
    throw awsRefusal(error, 'ses:VerifyDomainIdentity');
  });
  if (!tokens) throw sesNotConfigured();
  return tokens;
}
