import type { EventsSetup as EventsSetupView, StoreEventsSetup } from '../generated.js';
import type { Http } from '../http.js';
import type { KeyedOptions, RequestOptions } from '../options.js';

/** How SES tells the hub what became of the mail. To change it needs a user's token. */
export class EventsSetup {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  async get(options?: RequestOptions): Promise<EventsSetupView> {
    return (await this.#http.call('GET /api/business/events-setup', { options })).eventsSetup;
  }

  /** Makes in the business's SES account all that it takes. */
  async create(options?: KeyedOptions): Promise<EventsSetupView> {
    return (await this.#http.call('POST /api/business/events-setup', { options })).eventsSetup;
  }

  /** Names what was made by hand. */
  async store(setup: StoreEventsSetup, options?: RequestOptions): Promise<EventsSetupView> {
    return (await this.#http.call('PUT /api/business/events-setup', { body: setup, options })).eventsSetup;
  }

  /** Replaces the inbound URL. */
  async rotate(options?: KeyedOptions): Promise<EventsSetupView> {
    return (await this.#http.call('POST /api/business/events-setup/rotate', { options })).eventsSetup;
  }
}
