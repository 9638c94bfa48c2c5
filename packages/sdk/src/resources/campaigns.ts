import type {
  Campaign,
  CampaignStats,
  CampaignStatsQuery,
  CreateCampaign,
  DuplicateCampaign,
  ListCampaigns,
  Preflight,
  ResumeCampaign,
  ResumeCampaignAnswer,
  RetryCampaign,
  RetryCampaignAnswer,
  ScheduleCampaignAnswer,
  SendCampaignAnswer,
  TestCampaign,
  TestCampaignAnswer,
  UpdateCampaign,
} from '../generated.js';
import type { Http } from '../http.js';
import { list } from '../list.js';
import type { KeyedOptions, RequestOptions } from '../options.js';
import type { Pages } from '../pages.js';
import { Recipients } from './recipients.js';

/** One message to many: a draft, its recipients, and its life from `send` on. */
export class Campaigns {
  readonly recipients: Recipients;
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
    this.recipients = new Recipients(http);
  }

  /** Makes a draft, of a template or with content of its own. */
  async create(campaign: CreateCampaign, options?: KeyedOptions): Promise<Campaign> {
    return (await this.#http.call('POST /api/campaigns', { body: campaign, options })).campaign;
  }

  /** The newest first. */
  list(query?: ListCampaigns, options?: RequestOptions): Pages<Campaign> {
    return list(this.#http, 'GET /api/campaigns', 'campaigns', { query, options });
  }

  async get(id: string, options?: RequestOptions): Promise<Campaign> {
    return (await this.#http.call('GET /api/campaigns/{id}', { params: { id }, options })).campaign;
  }

  /** Changes a draft or a scheduled campaign: the fields given; `null` takes one away. */
  async update(id: string, changes: UpdateCampaign, options?: RequestOptions): Promise<Campaign> {
    return (await this.#http.call('PATCH /api/campaigns/{id}', { params: { id }, body: changes, options })).campaign;
  }

  /** Deletes a campaign that was never launched, and archives one that is over. */
  delete(id: string, options?: RequestOptions): Promise<void> {
    return this.#http.remove('DELETE /api/campaigns/{id}', { params: { id }, options });
  }

  /** Makes a draft like it, without its recipients. */
  async duplicate(id: string, changes: DuplicateCampaign = {}, options?: KeyedOptions): Promise<Campaign> {
    const call = { params: { id }, body: changes, options };
    return (await this.#http.call('POST /api/campaigns/{id}/duplicate', call)).campaign;
  }

  /** What would happen if it were sent now: who is left out, what is missing, how long it takes. */
  async preflight(id: string, options?: RequestOptions): Promise<Preflight> {
    return (await this.#http.call('POST /api/campaigns/{id}/preflight', { params: { id }, options })).preflight;
  }

  /** Sends it to up to ten people, as it is. */
  async test(id: string, test: TestCampaign, options?: KeyedOptions): Promise<TestCampaignAnswer['recipients']> {
    const call = { params: { id }, body: test, options };
    return (await this.#http.call('POST /api/campaigns/{id}/test', call)).recipients;
  }

  /** Sends it now. Content, links and sender are frozen with this. */
  send(id: string, options?: KeyedOptions): Promise<SendCampaignAnswer> {
    return this.#http.call('POST /api/campaigns/{id}/send', { params: { id }, options });
  }

  /** Has a draft sent at a time: a `Date`, or a timestamp with an offset. */
  schedule(id: string, scheduledFor: string | Date, options?: KeyedOptions): Promise<ScheduleCampaignAnswer> {
    return this.#http.call('POST /api/campaigns/{id}/schedule', { params: { id }, body: { scheduledFor }, options });
  }

  /** Makes a scheduled campaign a draft again. */
  async unschedule(id: string, options?: KeyedOptions): Promise<Campaign> {
    return (await this.#http.call('POST /api/campaigns/{id}/unschedule', { params: { id }, options })).campaign;
  }

  async pause(id: string, options?: KeyedOptions): Promise<Campaign> {
    return (await this.#http.call('POST /api/campaigns/{id}/pause', { params: { id }, options })).campaign;
  }

  /** Lets a paused campaign go on where it stopped. */
  resume(id: string, how: ResumeCampaign = {}, options?: KeyedOptions): Promise<ResumeCampaignAnswer> {
    return this.#http.call('POST /api/campaigns/{id}/resume', { params: { id }, body: how, options });
  }

  /** Ends it for good. */
  async cancel(id: string, options?: KeyedOptions): Promise<Campaign> {
    return (await this.#http.call('POST /api/campaigns/{id}/cancel', { params: { id }, options })).campaign;
  }

  /** Sends once more to those that failed, or of whom nobody knows: these may get it twice. */
  retry(id: string, retry: RetryCampaign, options?: KeyedOptions): Promise<RetryCampaignAnswer> {
    return this.#http.call('POST /api/campaigns/{id}/retry', { params: { id }, body: retry, options });
  }

  /** What became of its recipients, in numbers. */
  async stats(id: string, query?: CampaignStatsQuery, options?: RequestOptions): Promise<CampaignStats> {
    return (await this.#http.call('GET /api/campaigns/{id}/stats', { params: { id }, query, options })).stats;
  }
}
