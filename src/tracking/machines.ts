import { BlockList } from 'node:net';

/** A request for a pixel or a link, as far as it tells who made it. */
export interface Hit {
  at: Date;
  /** Empty where none was given; at most 512 characters. */
  userAgent: string;
  ip?: string | undefined;
  /** It says of itself that it only fetches ahead (`Sec-Purpose: prefetch` and its forerunners). */
  isPrefetch: boolean;
}

/** Nobody has read a message so soon after it came, in ms; what scans mail on its way in has. */
const SOON_MS = 3_000;

/** Fetches a picture when a person opens a message, for whom it stands in (Google Workspace Admin Help, "image proxy"). */
const PERSONS_PROXY = /\bGoogleImageProxy\b/;

/** Apple's Mail Privacy Protection fetches every picture ahead, and says no more of itself than this. */
const APPLE_PRIVACY = 'Mozilla/5.0';

/** Programs and libraries, and what scans mail. Mail programs and browsers say none of it; a Cubot is a telephone. */
const MACHINES =
  /(?<!cu)bot\b|crawl|spider|slurp|scan|preview|headless|phantomjs|curl\/|wget\/|python|java\/|okhttp|go-http|libwww|httpclient|node-fetch|axios|undici|\bruby\b|\bperl\b|barracuda|proofpoint|mimecast|symantec|messagelabs|ironport|fireeye|trendmicro|zscaler|forcepoint|websense|sophos|bitdefender|kaspersky|safelinks|facebookexternalhit|whatsapp|monitor|guzzle/i;

/** Where those fetch from that look like a browser. */
const RANGES: readonly [network: string, prefix: number][] = [
  // Apple, by whom Mail Privacy Protection is run (ARIN, NET-17-0-0-0-1).
  ['17.0.0.0', 8],
  // Exchange Online Protection (Microsoft 365 URLs and IP address ranges, "Exchange Online", id 10).
  ['40.92.0.0', 15],
  ['40.107.0.0', 16],
  ['52.100.0.0', 14],
  ['104.47.0.0', 17],
  ['2a01:111:f400::', 48],
  ['2a01:111:f403::', 48],
  // Barracuda Email Gateway Defense (Barracuda Campus, "IP address ranges").
  ['64.235.144.0', 20],
  ['209.222.80.0', 21],
  // Mimecast (Mimecast Knowledge Hub, "Data centers and IP ranges").
  ['91.220.42.0', 24],
  ['146.101.78.0', 24],
  ['195.130.217.0', 24],
  ['207.211.30.0', 24],
  ['207.82.80.0', 24],
  // Proofpoint on Demand.
  ['67.231.144.0', 20],
  ['148.163.128.0', 19],
];

let ranges: BlockList | undefined;

/**
 * Whether a machine asked, by what it says of itself and where it is. Google's proxy for pictures is never one.
 * @returns undefined where that does not tell.
 */
export function isKnownMachine({ userAgent, ip, isPrefetch }: Hit): boolean | undefined {
  if (PERSONS_PROXY.test(userAgent)) return false;
  const agent = userAgent.trim();
  if (isPrefetch || agent === '' || agent === APPLE_PRIVACY || MACHINES.test(agent)) return true;
  return ip !== undefined && isInRanges(ip) ? true : undefined;
}

/** When a message went out and arrived, as far as the ledger knows. */
export interface Sent {
  sentAt?: Date | null | undefined;
  deliveredAt?: Date | null | undefined;
  /** When it was given up to learn whether it went out. */
  unconfirmedAt?: Date | null | undefined;
}

/** Whether somebody was there so soon after the message as only a machine can be. */
export function isSoon(at: Date, { sentAt, deliveredAt, unconfirmedAt }: Sent): boolean {
  // Without any, the outcome of the send is still to be written: as soon as can be.
  const cameAt = deliveredAt ?? sentAt ?? unconfirmedAt;
  return !cameAt || at.getTime() - cameAt.getTime() < SOON_MS;
}

/** Whether a machine asked: a known one, or whoever was there within seconds of the message. */
export function isMachine(hit: Hit, sent: Sent): boolean {
  return isKnownMachine(hit) ?? isSoon(hit.at, sent);
}

function isInRanges(ip: string): boolean {
  if (!ranges) {
    ranges = new BlockList();
    for (const [network, prefix] of RANGES) ranges.addSubnet(network, prefix, network.includes(':') ? 'ipv6' : 'ipv4');
  }
  // A socket for both families gives IPv4 in IPv6's clothes.
  const address = ip.replace(/^::ffff:(?=\d+\.)/i, '');
  return ranges.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
}
