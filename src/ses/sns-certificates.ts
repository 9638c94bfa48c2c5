import { type KeyObject, X509Certificate } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { config } from '../config.js';
import { getText } from '../http-get.js';

const CERTIFICATE_BYTES = 16_384;
const LIMIT_MS = 5_000;

const CERTIFICATE = /^\/SimpleNotificationService-[0-9a-f]{32}\.pem$/;
const HOST = /^sns\.([a-z]{2,4}(?:-[a-z]+)+-\d{1,2})\.amazonaws\.com(?:\.cn)?$/;

/** Amazon changes its certificates some times a year; each region has its own. Failures are not kept. */
const keys = new LRUCache<string, KeyObject>({ max: 100, ttl: 24 * 3_600_000 });
const underWay = new Map<string, Promise<KeyObject>>();

/** The certificate cannot be had at this moment: the message may be sent again. */
export class CertificateUnavailable extends Error {}

/**
 * The public key of an SNS certificate.
 * @returns undefined where the URL is not one of Amazon's for that region.
 * @throws CertificateUnavailable
 */
export async function publicKeyAt(url: string, region: string): Promise<KeyObject | undefined> {
  if (!isOfSns(url, region, CERTIFICATE)) return undefined;
  const known = keys.get(url);
  if (known) return known;
  // Many messages of one moment ask for it once.
  const asked = underWay.get(url) ?? fetchKey(url).finally(() => underWay.delete(url));
  underWay.set(url, asked);
  return asked;
}

async function fetchKey(url: string): Promise<KeyObject> {
  try {
    const pem = await getText(url, { limitMs: LIMIT_MS, maxBytes: CERTIFICATE_BYTES });
    const { publicKey } = new X509Certificate(pem);
    keys.set(url, publicKey);
    return publicKey;
  } catch (cause) {
    throw new CertificateUnavailable('The certificate of Amazon SNS cannot be had', { cause });
  }
}

/**
 * Whether a URL is SNS's own in that region: https, its host, no port, no credentials. An emulator's, where one is
 * configured, counts as well.
 */
export function isOfSns(url: string, region: string, path: RegExp): boolean {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || parsed.username || parsed.password || parsed.href !== url) return false;
  if (!path.test(parsed.pathname)) return false;
  const prefix = config().snsCertUrlPrefix;
  if (prefix && url.startsWith(prefix)) return true;
  return parsed.protocol === 'https:' && parsed.port === '' && HOST.exec(parsed.hostname)?.[1] === region;
}
