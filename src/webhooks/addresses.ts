import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Azure's virtual public IP: it is unicast, and answers from inside a network. */
const AZURE = '168.63.129.16';

/** The one block of IPv6 that is given out (RFC 4291 §2.4): outside it lie also forms with an IPv4 address in them. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/** Whether an IP address is one of the public internet: not private, local, shared or reserved, and not another one in disguise. */
export function isPublic(address: string): boolean {
  if (isIP(address) === 0 || address === AZURE) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  return parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_UNICAST);
}
