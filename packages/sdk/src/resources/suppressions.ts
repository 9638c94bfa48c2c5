import { type FileSource, fileContent, ndjsonContent, type Source } from '../content.js';
import type {
  AddSuppression,
  ImportSuppressionsAnswer,
  ImportSuppressionsQuery,
  ListSuppressions,
  RemoveSuppression,
  SesSuppressionList,
  Suppression,
} from '../generated.js';
import type { Http } from '../http.js';
import { list } from '../list.js';
import type { KeyedOptions, RequestOptions } from '../options.js';
import type { Pages } from '../pages.js';

/** A longer list goes out as a stream. */
const MOST_IN_JSON = 10_000;

/** The addresses that get no mail. */
export class Suppressions {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** Any number of times. */
  async add(suppression: AddSuppression, options?: KeyedOptions): Promise<Suppression> {
    return (await this.#http.call('POST /api/suppressions', { body: suppression, options })).suppression;
  }

  /** The newest first. */
  list(query?: ListSuppressions, options?: RequestOptions): Pages<Suppression> {
    return list(this.#http, 'GET /api/suppressions', 'suppressions', { query, options });
  }

  /** Takes an address off the list, or one of its reasons. @returns what became of it on SES's own list. */
  async delete(id: string, query?: RemoveSuppression, options?: RequestOptions): Promise<SesSuppressionList> {
    return (await this.#http.call('DELETE /api/suppressions/{id}', { params: { id }, query, options })).sesList;
  }

  /** Adds many, in any number, as `campaigns.recipients.add` does; adding a list again is safe. */
  import(
    addresses: Source<{ email: string }>,
    query?: ImportSuppressionsQuery,
    options?: KeyedOptions,
  ): Promise<ImportSuppressionsAnswer> {
    if (Array.isArray(addresses) && addresses.length <= MOST_IN_JSON) {
      return this.#http.call('POST /api/suppressions/import', { query, body: { suppressions: addresses }, options });
    }
    return this.#http.upload('POST /api/suppressions/import', { query, options }, ndjsonContent(addresses));
  }

  /** Adds those in a file; a CSV file needs a column `email`. */
  importFile(
    file: FileSource,
    type: 'text/csv' | 'application/x-ndjson' = 'text/csv',
    query?: ImportSuppressionsQuery,
    options?: RequestOptions,
  ): Promise<ImportSuppressionsAnswer> {
    return this.#http.upload('POST /api/suppressions/import', { query, options }, fileContent(type, file));
  }
}
