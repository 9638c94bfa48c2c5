import type { SendingDomain } from '../../models/business.js';
import { dkimZone, feedbackHost } from '../../ses/identities.js';

/** What a record is for. */
export const RECORD_PURPOSES = ['proof', 'identity', 'dkim', 'mail_from', 'spf', 'dmarc'] as const;
export type RecordPurpose = (typeof RECORD_PURPOSES)[number];

/** A record that a person publishes in DNS. */
export interface DnsRecord {
  /** Names it among the domain's own. */
  key: string;
  type: 'TXT' | 'CNAME' | 'MX';
  name: string;
  value: string;
  /** Of an MX. */
  priority?: number;
  purpose: RecordPurpose;
}

type Named = Pick<SendingDomain, 'domain' | 'proofToken' | 'verificationToken' | 'dkimTokens' | 'mailFromDomain'>;

/**
 * All records of a sending domain: the hub's proof, then SES's for identity, DKIM and MAIL FROM (Amazon SES Developer Guide,
 * "Creating and verifying identities", "Using a custom MAIL FROM domain"), and DMARC, which the receivers of bulk mail
 * ask for. Pure.
 */
export function recordsOf(named: Named, region: string): DnsRecord[] {
  const { domain, proofToken, verificationToken, dkimTokens, mailFromDomain } = named;
  const records: DnsRecord[] = [];
  if (proofToken) {
    const value = `pmh-verification=${proofToken}`;
    records.push({ key: 'proof', type: 'TXT', name: `_pmh.${domain}`, value, purpose: 'proof' });
  }
  if (verificationToken) {
    const name = `_amazonses.${domain}`;
    records.push({ key: 'identity', type: 'TXT', name, value: verificationToken, purpose: 'identity' });
  }
  dkimTokens.forEach((token, n) => {
    const value = `${token}.${dkimZone(region)}`;
    records.push({ key: `dkim${n + 1}`, type: 'CNAME', name: `${token}._domainkey.${domain}`, value, purpose: 'dkim' });
  });
  if (mailFromDomain) {
    const name = mailFromDomain;
    const value = feedbackHost(region);
    records.push({ key: 'mail_from', type: 'MX', name, value, priority: 10, purpose: 'mail_from' });
    records.push({ key: 'spf', type: 'TXT', name, value: 'v=spf1 include:amazonses.com ~all', purpose: 'spf' });
  }
  records.push({ key: 'dmarc', type: 'TXT', name: `_dmarc.${domain}`, value: 'v=DMARC1; p=none;', purpose: 'dmarc' });
  return records;
}
