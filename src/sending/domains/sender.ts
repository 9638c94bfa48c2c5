import type { Business } from '../../models/business.js';
import { domainOf, isWithin } from './names.js';

/** The domains of a business, as far as a sender is judged by them. */
export interface Sending {
  sendingDomains: readonly Pick<Business['sendingDomains'][number], 'domain' | 'verified'>[];
}

/**
 * Why a business may not send from an address: its domain must be one of the business's own that is verified, or lie below
 * one. undefined where it may. Pure.
 */
export function senderProblem({ sendingDomains }: Sending, fromEmail: string): string | undefined {
  const domain = domainOf(fromEmail);
  const covering = sendingDomains.filter((own) => isWithin(domain, own.domain));
  if (covering.some(({ verified }) => verified)) return undefined;
  return covering.length > 0
    ? `${domain} is not verified: see GET /api/business/domains for what is missing`
    : `${domain} is not one of the business’s domains: add it with POST /api/business/domains`;
}
