import { beforeEach, describe, expect, it } from 'vitest';
import { observe } from '../../../src/sending/domains/observe.js';
import { type DnsRecord, recordsOf } from '../../../src/sending/domains/records.js';
import { NameServer } from '../../support/name-server.js';

const servers = [new NameServer(), new NameServer()] as const;
process.env.DNS_SERVERS = (await Promise.all(servers.map((server) => server.start()))).join();
const [dns] = servers;

const recordsFor = (domain: string): DnsRecord[] =>
  recordsOf(
    { domain, proofToken: 'token', verificationToken: 'token', dkimTokens: [], mailFromDomain: `bounce.${domain}` },
    'eu-west-1',
  );

beforeEach(() => {
  dns.asked.length = 0;
  for (const server of servers) server.isSilent = false;
});

describe('what DNS says of a domain', () => {
  it('is unknown after five seconds where the servers are silent', async () => {
    for (const server of servers) server.isSilent = true;
    const startedAt = performance.now();
    const states = await observe(recordsFor('shop.test'));
    expect(performance.now() - startedAt).toBeLessThan(5_500);
    expect(new Set(Object.values(states))).toEqual(new Set(['unknown']));
  });

  it('is a DMARC policy of the domain itself or above it, asked for at eight names at most', async () => {
    const domain = `${'a.'.repeat(60)}shop.test`;
    expect(await observe(recordsFor(domain))).toMatchObject({ dmarc: 'missing' });
    const asked = new Set(dns.asked.filter((name) => name.startsWith('_dmarc.')));
    expect(asked.size).toBeLessThanOrEqual(8);
    expect(asked).toContain(`_dmarc.${domain}`);

    dns.names.set('_dmarc.shop.test', { TXT: ['v=DMARC1; p=reject'] });
    expect(await observe(recordsFor(domain))).toMatchObject({ dmarc: 'published' });
    dns.names.delete('_dmarc.shop.test');
    dns.names.set(`_dmarc.${domain}`, { TXT: ['v=DMARC1; p=none'] });
    expect(await observe(recordsFor(domain))).toMatchObject({ dmarc: 'published' });
  });
});
