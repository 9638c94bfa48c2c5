import { randomUUID } from 'node:crypto';
import MailComposer from 'nodemailer/lib/mail-composer';
import { serialize } from './serialize.js';

/** A message as its recipient will see it. */
export interface Letter {
  from: Address;
  to: readonly Address[];
  cc?: readonly Address[] | undefined;
  replyTo?: string | Address | undefined;
  subject: string;
  html?: string;
  text: string;
  /** Header fields beside those above; values without CR or LF. */
  headers: Record<string, string>;
  files?: readonly AttachedFile[] | undefined;
}

interface Address {
  name?: string | undefined;
  address: string;
}

/** A file that goes with a message; with a content id it is shown by the HTML. */
export interface AttachedFile {
  filename: string;
  contentType: string;
  contentId?: string | null | undefined;
  content: Buffer;
}

/**
 * Builds the MIME message (RFC 5322, RFC 2045): text and HTML as alternatives, lines within SES's limit of 1,000
 * characters. Nothing in it can make nodemailer read a file or a URL.
 */
export function compose(letter: Letter): Buffer {
  const { from, to, cc, replyTo, subject, html, text, headers, files } = letter;
  const mail = new MailComposer({
    from: shown(from),
    to: to.map(shown),
    ...(cc && cc.length > 0 ? { cc: cc.map(shown) } : {}),
    ...(replyTo ? { replyTo: typeof replyTo === 'string' ? replyTo : shown(replyTo) } : {}),
    subject: literal(subject),
    ...(html === undefined ? {} : { html: canonical(html) }),
    text: canonical(text),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, spaced(value)])),
    ...(files && files.length > 0 ? { attachments: files.map(attached) } : {}),
    // Left to itself nodemailer reads random bytes eight times for these, and parses every address once more.
    messageId: `<${randomUUID()}@${from.address.slice(from.address.lastIndexOf('@') + 1)}>`,
    baseBoundary: randomUUID(),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return Buffer.from(serialize(mail.compile()));
}

const shown = ({ name, address }: Address) => ({ name: literal(name ?? ''), address });

/** Base64 whatever it is: its lines are of a length that SES takes. */
const attached = ({ filename, contentType, contentId, content }: AttachedFile) => ({
  filename: spaced(filename),
  contentType,
  content,
  contentTransferEncoding: 'base64' as const,
  ...(contentId ? { cid: contentId, contentDisposition: 'inline' as const } : {}),
});

/**
 * Text that looks like an encoded word (RFC 2047) would be shown as what it decodes to. A zero-width space takes the
 * likeness away, and makes nodemailer encode the whole.
 */
function literal(text: string): string {
  return spaced(text).replaceAll('=?', '=\u200b?');
}

/** A header is folded at its spaces: so many of them would make a line of nothing else, which RFC 5322 §3.2.2 forbids. */
function spaced(text: string): string {
  return text.replace(/ {2,}/g, ' ');
}

/** Lines as mail has them (RFC 5322 §2.3, RFC 2045 §6.8): a template's are whatever its author's editor wrote. */
function canonical(text: string): string {
  return text.replace(/\r\n?|\n/g, '\r\n');
}
