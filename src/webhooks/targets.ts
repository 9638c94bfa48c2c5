import { isIP } from 'node:net';
import { config } from '../config.js';
import { isPublic } from './addresses.js';
import { addressesOf } from './look-up.js';

/** Where a webhook goes, once nothing of its URL stands against it. */
export interface Target {
  url: URL;
  /** One of WEBHOOK_ALLOWED_TARGETS: wherever its name leads, and by http as well. */
  isTrusted: boolean;
}

const PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * What can be told of a URL without asking anybody. `URL` writes every form of an IPv4 address (hex, octal, decimal, short) as
 * the four numbers that it is (WHATWG URL, "host parsing"), so there is one form to look at.
 * @returns the target, or for a person what is wrong.
 */
export function targetOf(text: string): Target | { problem: string } {
  const url = new URL(text);
  if (url.username || url.password) return { problem: 'must not have a user name or a password in it' };
  if (isAllowed(url)) return { url, isTrusted: true };
  if (url.protocol !== 'https:') return { problem: 'must begin with https://' };
  const host = hostOf(url);
  if (isIP(host) !== 0 && !isPublic(host)) return { problem: NOT_PUBLIC };
  if (/(^|\.)localhost\.?$/.test(host)) return { problem: NOT_PUBLIC };
  return { url, isTrusted: false };
}

/**
 * What stands against a URL, also by what its name resolves to at this moment. Each call of it looks again: this is for the
 * person who sets it. A name that cannot be resolved may be to come.
 * @returns undefined where nothing does.
 */
export async function targetProblem(text: string): Promise<string | undefined> {
  const target = targetOf(text);
  if ('problem' in target) return target.problem;
  const host = hostOf(target.url);
  if (target.isTrusted || isIP(host) !== 0) return undefined;
  const addresses = await addressesOf(host).catch(() => []);
  return addresses.every(({ address }) => isPublic(address)) ? undefined : NOT_PUBLIC;
}

/** The host as a socket takes it: an IPv6 address without its brackets. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

const NOT_PUBLIC = 'must lead to an address of the public internet';

function isAllowed({ protocol, hostname, port }: URL): boolean {
  return config().webhookAllowedTargets.includes(`${hostname}:${port || PORTS[protocol]}`);
}
