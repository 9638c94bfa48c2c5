/** Who opened a message or followed a link. */
export interface Visitor {
  userAgent: string;
  /** Since the message was delivered, or else sent, in ms; undefined where that is not known. */
  afterMs: number | undefined;
}

/** Faster than a person reads: scanners look at a message as it arrives. */
const AT_ARRIVAL_MS = 5_000;

/** Apple Mail's privacy proxy names itself so and no further, and loads every image whether it is looked at or not. */
const APPLE_PROXY = 'Mozilla/5.0';

/** Programs that follow links and load images for nobody: scanners of mail gateways, previews of chats, crawlers, libraries. */
const PROGRAMS =
  /bot\b|crawl|spider|scan|preview|monitor|headless|phantomjs|barracuda|mimecast|proofpoint|symantec|fireeye|trendmicro|sophos|forcepoint|ironport|safelinks|protection|facebookexternalhit|whatsapp|telegram|skypeuripreview|curl|wget|python|java\/|okhttp|go-http-client|libwww|httpclient|node-fetch|axios|undici|guzzle|ruby|perl/i;

/** Google's proxy loads an image when a person opens the message: he counts. */
const PROXY_OF_PERSONS = /GoogleImageProxy|YahooMailProxy/i;

/** Whether a program did it by itself, and no person. Pure. */
export function isMachine({ userAgent, afterMs }: Visitor): boolean {
  const name = userAgent.trim();
  if (name === '' || name === APPLE_PROXY) return true;
  if (afterMs !== undefined && afterMs < AT_ARRIVAL_MS) return true;
  return !PROXY_OF_PERSONS.test(name) && PROGRAMS.test(name);
}
