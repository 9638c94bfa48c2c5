import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { records, resolver } from '../dns.js';
import { isPublic } from './addresses.js';

/** An address that no webhook may reach. */
export class RefusedAddress extends Error {
  override name = 'RefusedAddress';
}

/**
 * Every address of a name. By DNS and not by the system's look-up: that one waits in one of libuv's four threads, so four names
 * whose servers are silent would keep all others waiting.
 * @throws Error with `code` ENOTFOUND where there is none, or as DNS fails.
 */
export async function addressesOf(host: string): Promise<LookupAddress[]> {
  const dns = resolver();
  const [v4, v6] = await Promise.allSettled([records(dns.resolve4(host)), records(dns.resolve6(host))]);
  const addresses = [
    ...(v4.status === 'fulfilled' ? v4.value.map((address) => ({ address, family: 4 })) : []),
    ...(v6.status === 'fulfilled' ? v6.value.map((address) => ({ address, family: 6 })) : []),
  ];
  if (addresses.length > 0) return addresses;
  const failed = [v4, v6].find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
  throw Object.assign(new Error(`${host} has no address`), { code: 'ENOTFOUND' });
}

/** The look-up of a connection: what it answers is what the socket connects to, so there is no second look-up to differ. */
export function publicLookUp(find = addressesOf): LookupFunction {
  return (host, options, callback) => {
    find(host).then(
      (addresses) => {
        const [first] = addresses;
        const refused = addresses.find(({ address }) => !isPublic(address));
        if (refused || !first) {
          callback(new RefusedAddress(`${host} leads to ${refused?.address ?? 'nowhere'}`), '', 0);
        } else if (options.all) callback(null, addresses);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };
}
