import { invalidParameter } from './errors.js';

/**
 * The bare address of `Name <local@domain>` or of itself.
 * @throws SesError InvalidParameterValue as SES does, for what its parser refuses
 */
export function parseAddress(text: string): string {
  const address = (/<([^<>]*)>\s*$/.exec(text)?.[1] ?? text).trim();
  const at = address.lastIndexOf('@');
  if (at < 0) throw invalidParameter("Missing final '@domain'");
  const local = address.slice(0, at);
  const domain = address.slice(at + 1);
  if (!local) throw invalidParameter('Missing local part');
  // SES has no SMTPUTF8: a local part outside ASCII is refused, a domain has to come as punycode.
  if (!/^("[\x20-\x7e]+"|[\x21-\x7e]+)$/.test(local)) {
    throw invalidParameter('Local address contains control or whitespace');
  }
  if (/^\.|\.\.|\.$/.test(local)) throw invalidParameter('Local address contains a misplaced dot');
  if (!domain) throw invalidParameter('Missing domain');
  if (!/^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/.test(domain)) {
    throw invalidParameter('Domain contains illegal character');
  }
  return address;
}

/** The addresses of a header's value: separated by commas, but for those within quotes and angle brackets. */
export function splitAddressList(value: string): string[] {
  const parts = value.match(/("(\\.|[^"\\])*"|<[^>]*>|[^,"<])+/g) ?? [];
  return parts.map((part) => part.trim()).filter(Boolean);
}
