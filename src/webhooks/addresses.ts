import { BlockList, isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * What `ipaddr.js` takes for unicast, and no webhook may reach: Azure's virtual public IP, which answers inside a network, and
 * in IPv6 all outside the one block that is given out as global unicast (2000::/3, RFC 4291 §2.4), so the IPv4-compatible form.
 */
const REFUSED = new BlockList();
REFUSED.addAddress('168.63.129.16');
for (const [net, prefix] of [
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
] as const) {
  REFUSED.addSubnet(net, prefix, 'ipv6');
}

/** Whether an IP address is one of the public internet: not private, local, shared, reserved, or one with an IPv4 in it. */
export function isPublic(address: string): boolean {
  const version = isIP(address);
  if (version === 0 || ipaddr.parse(address).range() !== 'unicast') return false;
  return !REFUSED.check(address, version === 6 ? 'ipv6' : 'ipv4');
}
