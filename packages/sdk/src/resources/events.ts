import type { Event, ListEvents } from '../generated.js';
import type { Http } from '../http.js';
import { list } from '../list.js';
import type { RequestOptions } from '../options.js';
import type { Pages } from '../pages.js';

/** The log of what happened. */
export class Events {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** The newest first, of a type, campaign, recipient, address or time. */
  list(query?: ListEvents, options?: RequestOptions): Pages<Event> {
    return list(this.#http, 'GET /api/events', 'events', { query, options });
  }
}
