import type { BatchResult, EmailMessage, EmailSummary, ListEmails, NewAttachment, NewEmail } from '../generated.js';
import type { Http } from '../http.js';
import { list } from '../list.js';
import type { KeyedOptions, RequestOptions } from '../options.js';
import type { Pages } from '../pages.js';

/** A message to be sent. What is attached is given as its bytes, or in base64. */
export type EmailToSend = Omit<NewEmail, 'attachments'> & {
  attachments?: (Omit<NewAttachment, 'content'> & { content: string | Uint8Array })[];
};

/** Single messages: order confirmations, resets, receipts. */
export class Emails {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /**
   * Sends a message to one or a few people: of a template, or with content of its own. Once this returns it is safe: it will be
   * sent, or be shown as failed with the reason. An `idempotencyKey` of your own makes it one message also when your process
   * dies and asks again.
   * @throws HubError `suppressed` for an address that bounced, complained or was blocked; `domain_not_verified`; `quota_exceeded`.
   */
  async send(email: EmailToSend, options?: KeyedOptions): Promise<EmailSummary> {
    return (await this.#http.call('POST /api/emails', { body: encoded(email), options })).email;
  }

  /** Sends up to a hundred, each judged by itself. @returns for each, in their order, either `email` or `error`. */
  async sendBatch(emails: readonly EmailToSend[], options?: KeyedOptions): Promise<BatchResult[]> {
    const body = { emails: emails.map(encoded) };
    return (await this.#http.call('POST /api/emails/batch', { body, options })).emails;
  }

  /** The newest first, also by address or tag. */
  list(query?: ListEmails, options?: RequestOptions): Pages<EmailSummary> {
    return list(this.#http, 'GET /api/emails', 'emails', { query, options });
  }

  /** A message, what is in it, and what became of it. */
  async get(id: string, options?: RequestOptions): Promise<EmailMessage> {
    return (await this.#http.call('GET /api/emails/{id}', { params: { id }, options })).email;
  }

  /** Keeps it from being sent, to all to whom it was not sent yet. */
  async cancel(id: string, options?: KeyedOptions): Promise<EmailSummary> {
    return (await this.#http.call('POST /api/emails/{id}/cancel', { params: { id }, options })).email;
  }

  /** Sends it again to those whom it failed to reach, or of whom nobody knows: these may get it twice. */
  async retry(id: string, options?: KeyedOptions): Promise<EmailSummary> {
    return (await this.#http.call('POST /api/emails/{id}/retry', { params: { id }, options })).email;
  }
}

function encoded({ attachments, ...email }: EmailToSend): NewEmail {
  if (!attachments) return email;
  const files = attachments.map(({ content, ...file }) => ({
    ...file,
    content: typeof content === 'string' ? content : Buffer.from(content).toString('base64'),
  }));
  return { ...email, attachments: files };
}
