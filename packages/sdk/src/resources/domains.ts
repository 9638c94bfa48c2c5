import type { AddDomain, DeleteDomain, SendingDomain } from '../generated.js';
import type { Http } from '../http.js';
import type { KeyedOptions, RequestOptions } from '../options.js';

/** The domains that the business sends from. */
export class Domains {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** Adds one. Its `records` are to be published in DNS. */
  async add(domain: AddDomain, options?: KeyedOptions): Promise<SendingDomain> {
    return (await this.#http.call('POST /api/business/domains', { body: domain, options })).domain;
  }

  /** All of them. */
  async list(options?: RequestOptions): Promise<SendingDomain[]> {
    return (await this.#http.call('GET /api/business/domains', { options })).domains;
  }

  async get(id: string, options?: RequestOptions): Promise<SendingDomain> {
    return (await this.#http.call('GET /api/business/domains/{id}', { params: { id }, options })).domain;
  }

  /** Looks at once whether it is proven and verified; the hub does so by itself now and then. */
  async verify(id: string, options?: RequestOptions): Promise<SendingDomain> {
    return (await this.#http.call('POST /api/business/domains/{id}/verify', { params: { id }, options })).domain;
  }

  /** Gives it up. */
  delete(id: string, query?: DeleteDomain, options?: RequestOptions): Promise<void> {
    return this.#http.remove('DELETE /api/business/domains/{id}', { params: { id }, query, options });
  }
}
