import { type FileSource, fileContent, ndjsonContent, type Source } from '../content.js';
import type { AddRecipientsAnswer, ListRecipients, NewRecipient, Recipient } from '../generated.js';
import type { Http } from '../http.js';
import { list } from '../list.js';
import type { KeyedOptions, RequestOptions } from '../options.js';
import type { Pages } from '../pages.js';

/** A longer list goes out as a stream; so many recipients fit into the hub's 10 MB of JSON, whatever their variables. */
const MOST_IN_JSON = 500;

/** Who gets a campaign. */
export class Recipients {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /**
   * Adds recipients to a campaign that is not launched yet: an array, or what yields them one by one, in any number. The
   * first of equal addresses wins, so that adding a list again is safe, after an error too. By itself a call is tried again
   * with an array, and with a function that opens the list anew; what is read as it comes is gone after one try.
   * @throws HubError whose `details` say what was `added` when an import breaks off.
   */
  add(campaignId: string, recipients: Source<NewRecipient>, options?: KeyedOptions): Promise<AddRecipientsAnswer> {
    const call = { params: { id: campaignId }, options };
    if (Array.isArray(recipients) && recipients.length <= MOST_IN_JSON) {
      return this.#http.call('POST /api/campaigns/{id}/recipients', { ...call, body: { recipients } });
    }
    return this.#http.upload('POST /api/campaigns/{id}/recipients', call, ndjsonContent(recipients));
  }

  /**
   * Adds the recipients in a file, e.g. `createReadStream('list.csv')`. A CSV file needs a column `email`; `name` is
   * another, and all others are variables.
   * @throws HubError whose `details` say what was `added`, and the `line` where reading stopped, when it cannot be read on.
   */
  addFile(
    campaignId: string,
    file: FileSource,
    type: 'text/csv' | 'application/x-ndjson' = 'text/csv',
    options?: RequestOptions,
  ): Promise<AddRecipientsAnswer> {
    const call = { params: { id: campaignId }, options };
    return this.#http.upload('POST /api/campaigns/{id}/recipients', call, fileContent(type, file));
  }

  /** In the order of their addresses. */
  list(campaignId: string, query?: ListRecipients, options?: RequestOptions): Pages<Recipient> {
    const call = { params: { id: campaignId }, query, options };
    return list(this.#http, 'GET /api/campaigns/{id}/recipients', 'recipients', call);
  }

  /** Takes one out of a campaign that is not launched yet. */
  delete(campaignId: string, recipientId: string, options?: RequestOptions): Promise<void> {
    const params = { id: campaignId, recipientId };
    return this.#http.remove('DELETE /api/campaigns/{id}/recipients/{recipientId}', { params, options });
  }

  /** All of them with what became of each, as a CSV file that is read as it comes. */
  export(campaignId: string, options?: RequestOptions): Promise<ReadableStream<Uint8Array>> {
    const params = { id: campaignId };
    return this.#http.download('GET /api/campaigns/{id}/recipients/export', { params, options });
  }
}
