import { records as found, resolver } from '../../dns.js';
import type { RecordState } from '../../models/business.js';
import { withParents } from './names.js';
import type { DnsRecord } from './records.js';

type Dns = ReturnType<typeof resolver>;

/** All records of a domain together, in ms: whoever runs its DNS decides how slowly each question is answered. */
const LIMIT_MS = 5_000;

/** So many names are asked for a DMARC policy: the domain, and the upper ones of those above it. */
const DMARC_NAMES = 8;

/**
 * What DNS says of each record at this moment, by the records' keys. Never throws: what is not answered within five seconds
 * is `unknown`.
 */
export async function observe(records: readonly DnsRecord[]): Promise<Record<string, RecordState>> {
  const dns = resolver();
  const limit = setTimeout(() => dns.cancel(), LIMIT_MS);
  const states = await Promise.all(
    records.map(async (record) => [record.key, await stateOf(record, dns).catch(() => 'unknown' as const)] as const),
  );
  clearTimeout(limit);
  return Object.fromEntries(states);
}

async function stateOf(record: DnsRecord, dns: Dns): Promise<RecordState> {
  switch (record.purpose) {
    case 'proof':
    case 'identity':
      return compare(await textsOf(record.name, dns), (text) => text === record.value);
    case 'dkim':
      return compare(await found(dns.resolveCname(record.name)), (name) => plain(name) === record.value);
    case 'mail_from': {
      const hosts = await found(dns.resolveMx(record.name));
      // SES wants exactly one.
      if (hosts.length > 1) return 'different';
      return compare(hosts, ({ exchange }) => plain(exchange) === record.value);
    }
    case 'spf': {
      const policies = (await textsOf(record.name, dns)).filter((text) => /^v=spf1(\s|$)/i.test(text));
      return compare(policies, (text) => /\sinclude:amazonses\.com(\s|$)/i.test(text));
    }
    case 'dmarc':
      return (await dmarcOf(record.name.replace(/^_dmarc\./, ''), dns)) ? 'published' : 'missing';
  }
}

/**
 * The DMARC policy that holds for a domain: its own, else that of the nearest domain above it (RFC 7489 §6.6.3 asks the
 * organisational domain; without a list of those, the names in between are asked as well).
 * @throws the error of a server that does not answer.
 */
async function dmarcOf(domain: string, dns: Dns): Promise<string | undefined> {
  const [own = domain, ...parents] = withParents(domain);
  for (const name of [own, ...parents.slice(1 - DMARC_NAMES)]) {
    const policies = (await textsOf(`_dmarc.${name}`, dns)).filter((text) => /^v=DMARC1\s*(;|$)/.test(text));
    // Where there are several, none holds.
    if (policies.length === 1) return policies[0];
  }
  return undefined;
}

/** A text comes in pieces of at most 255 bytes. */
async function textsOf(name: string, dns: Dns): Promise<string[]> {
  return (await found(dns.resolveTxt(name))).map((pieces) => pieces.join(''));
}

function compare<T>(values: readonly T[], isRight: (value: T) => boolean): RecordState {
  if (values.some(isRight)) return 'published';
  return values.length > 0 ? 'different' : 'missing';
}

const plain = (name: string) => name.toLowerCase().replace(/\.$/, '');
