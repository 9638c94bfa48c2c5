import type {
  BusinessStats,
  BusinessStatsQuery,
  Business as BusinessView,
  UpdateBusiness,
  Usage,
} from '../generated.js';
import type { Http } from '../http.js';
import type { RequestOptions } from '../options.js';
import { ApiKeys } from './api-keys.js';
import { Domains } from './domains.js';
import { EventsSetup } from './events-setup.js';
import { Ses } from './ses.js';

/** The business whose key this is. */
export class Business {
  readonly apiKeys: ApiKeys;
  readonly domains: Domains;
  readonly eventsSetup: EventsSetup;
  readonly ses: Ses;
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
    this.apiKeys = new ApiKeys(http);
    this.domains = new Domains(http);
    this.eventsSetup = new EventsSetup(http);
    this.ses = new Ses(http);
  }

  async get(options?: RequestOptions): Promise<BusinessView> {
    return (await this.#http.call('GET /api/business', { options })).business;
  }

  /** Changes the name and the settings: the fields given; `null` takes one away. */
  async update(changes: UpdateBusiness, options?: RequestOptions): Promise<BusinessView> {
    return (await this.#http.call('PATCH /api/business', { body: changes, options })).business;
  }

  /** What became of what was sent in a period. */
  async stats(query?: BusinessStatsQuery, options?: RequestOptions): Promise<BusinessStats> {
    return (await this.#http.call('GET /api/business/stats', { query, options })).stats;
  }

  /** What of the month and of today is used. */
  async usage(options?: RequestOptions): Promise<Usage> {
    return (await this.#http.call('GET /api/business/usage', { options })).usage;
  }
}
