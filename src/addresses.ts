import { domainToASCII } from 'node:url';

/** An address ready to be mailed: the local part as given, the domain lower-cased and in punycode. */
export interface Address {
  email: string;
  name?: string;
}

// RFC 5321 §4.1.2 dot-string, ASCII only: SES has no SMTPUTF8. Quoted local parts are refused: nobody mails them.
const LOCAL_PART = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/i;
const HOST = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})$/;
const NAMED = /^(?:"((?:[^"\\]|\\.)*)"|([^<>"]*?))\s*<([^<>]*)>$/;
const ASCII = /^[\x21-\x7e]+$/;

/**
 * Reads an address as a person or a file writes it: `a@b.c`, `Name <a@b.c>`, `"Name, X" <a@b.c>`.
 * The local part is lower-cased too: to the ledger and the suppression list `Ann@x.org` and `ann@x.org` are one person,
 * as they are to every provider that matters.
 * @returns the address, or the reason it cannot be mailed, for a person to read.
 */
export function parseAddress(text: string): Address | { reason: string } {
  const trimmed = text.trim();
  const named = trimmed.endsWith('>') ? NAMED.exec(trimmed) : null;
  const name = named ? (named[1]?.replace(/\\(.)/g, '$1') ?? named[2])?.trim() : undefined;
  const raw = named ? (named[3] ?? '').trim() : trimmed;
  const email = normalizeEmail(raw);
  if (typeof email !== 'string') return email;
  // A name becomes a header, which CR or LF would end.
  if (name && /\p{Cc}/u.test(name)) return { reason: 'the name has a line break or control character' };
  return name ? { email, name } : { email };
}

/** The bare address in the one spelling the hub stores, or the reason why it is none. */
export function normalizeEmail(raw: string): string | { reason: string } {
  if (raw === '') return { reason: 'no address' };
  if (raw.length > 320) return { reason: 'longer than an address can be' };
  const at = raw.lastIndexOf('@');
  if (at < 1 || at === raw.length - 1) return { reason: 'not an address: local@domain is expected' };
  if (/[\s\p{Cc}]/u.test(raw)) return { reason: 'an address has no spaces or line breaks' };
  const local = raw.slice(0, at);
  if (!ASCII.test(local)) return { reason: 'letters beyond ASCII before the @ cannot be mailed through SES' };
  if (local.length > 64 || !LOCAL_PART.test(local)) return { reason: 'the part before the @ is not valid' };
  const domain = asciiDomain(raw.slice(at + 1));
  if (!domain) return { reason: 'the domain is not valid' };
  return `${local.toLowerCase()}@${domain}`;
}

/** A host name lower-cased and in punycode, or undefined where it is none that mail can go to. */
export function asciiDomain(raw: string): string | undefined {
  const domain = ASCII.test(raw) ? raw.toLowerCase() : domainToASCII(raw);
  return domain.length <= 253 && HOST.test(domain) ? domain : undefined;
}
