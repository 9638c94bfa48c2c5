import { randomUUID } from 'node:crypto';
import MailComposer from 'nodemailer/lib/mail-composer';
import { serialize } from './serialize.js';

/** A message as its recipient will see it. */
export interface Letter {
  from: { name?: string; address: string };
  to: { name?: string; address: string };
  replyTo?: string;
  subject: string;
  html?: string;
  text: string;
  /** Header fields beside those above; values without CR or LF. */
  headers: Record<string, string>;
}

/**
 * Builds the MIME message (RFC 5322, RFC 2045): text and HTML as alternatives, lines within SES's limit of 1,000
 * characters. Nothing in it can make nodemailer read a file or a URL.
 */
export function compose(letter: Letter): Buffer {
  const { from, to, replyTo, subject, html, text, headers } = letter;
  const mail = new MailComposer({
    from: { name: literal(from.name ?? ''), address: from.address },
    to: { name: literal(to.name ?? ''), address: to.address },
    ...(replyTo ? { replyTo } : {}),
    subject: literal(subject),
    ...(html === undefined ? {} : { html: canonical(html) }),
    text: canonical(text),
    headers,
    // Left to itself nodemailer reads random bytes eight times for these, and parses every address once more.
    messageId: `<${randomUUID()}@${from.address.slice(from.address.lastIndexOf('@') + 1)}>`,
    baseBoundary: randomUUID(),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return Buffer.from(serialize(mail.compile()));
}

/**
 * Text that looks like an encoded word (RFC 2047) would be shown as what it decodes to. A zero-width space takes the
 * likeness away, and makes nodemailer encode the whole.
 */
function literal(text: string): string {
  return text.replaceAll('=?', '=\u200b?');
}

/** Lines as mail has them (RFC 5322 §2.3, RFC 2045 §6.8): a template's are whatever its author's editor wrote. */
function canonical(text: string): string {
  return text.replace(/\r\n?|\n/g, '\r\n');
}
