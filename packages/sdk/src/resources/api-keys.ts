import type { ApiKey, CreateApiKey, ListApiKeys, NewApiKey, RotateApiKey } from '../generated.js';
import type { Http } from '../http.js';
import { list } from '../list.js';
import type { KeyedOptions, RequestOptions } from '../options.js';
import type { Pages } from '../pages.js';

/** The keys of the business. All of it needs a user's token: to an API key the hub answers 403. */
export class ApiKeys {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** Makes one. Its `key` is shown here and never again. */
  async create(apiKey: CreateApiKey, options?: KeyedOptions): Promise<NewApiKey> {
    return (await this.#http.call('POST /api/business/api-keys', { body: apiKey, options })).apiKey;
  }

  /** The newest first. */
  list(query?: ListApiKeys, options?: RequestOptions): Pages<ApiKey> {
    return list(this.#http, 'GET /api/business/api-keys', 'apiKeys', { query, options });
  }

  /** Replaces one; the old one works on for a day, or for `overlapHours`. */
  async rotate(id: string, how: RotateApiKey = {}, options?: KeyedOptions): Promise<NewApiKey> {
    const call = { params: { id }, body: how, options };
    return (await this.#http.call('POST /api/business/api-keys/{id}/rotate', call)).apiKey;
  }

  delete(id: string, options?: RequestOptions): Promise<void> {
    return this.#http.remove('DELETE /api/business/api-keys/{id}', { params: { id }, options });
  }
}
