import type {
  CreateWebhook,
  ListWebhookAttempts,
  ListWebhooks,
  NewWebhook,
  RedeliverWebhookAnswer,
  ReplayWebhook,
  RotateWebhookSecret,
  UpdateWebhook,
  Webhook,
  WebhookAttempt,
} from '../generated.js';
import type { Http } from '../http.js';
import { list } from '../list.js';
import type { KeyedOptions, RequestOptions } from '../options.js';
import type { Pages } from '../pages.js';

/** The URLs that events are posted to. What comes there is verified by `verifyWebhook`. */
export class Webhooks {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** Makes an endpoint. Its `secret` is shown here and never again. Needs a user's token. */
  async create(webhook: CreateWebhook, options?: KeyedOptions): Promise<NewWebhook> {
    return (await this.#http.call('POST /api/webhooks', { body: webhook, options })).webhook;
  }

  /** The newest first. */
  list(query?: ListWebhooks, options?: RequestOptions): Pages<Webhook> {
    return list(this.#http, 'GET /api/webhooks', 'webhooks', { query, options });
  }

  /** An endpoint, and how it fares. */
  async get(id: string, options?: RequestOptions): Promise<Webhook> {
    return (await this.#http.call('GET /api/webhooks/{id}', { params: { id }, options })).webhook;
  }

  /** Changes the fields given. */
  async update(id: string, changes: UpdateWebhook, options?: RequestOptions): Promise<Webhook> {
    return (await this.#http.call('PATCH /api/webhooks/{id}', { params: { id }, body: changes, options })).webhook;
  }

  delete(id: string, options?: RequestOptions): Promise<void> {
    return this.#http.remove('DELETE /api/webhooks/{id}', { params: { id }, options });
  }

  /** Replaces its secret; messages are signed by both for a day, or for `overlapHours`. Needs a user's token. */
  async rotateSecret(id: string, how: RotateWebhookSecret = {}, options?: KeyedOptions): Promise<NewWebhook> {
    const call = { params: { id }, body: how, options };
    return (await this.#http.call('POST /api/webhooks/{id}/rotate-secret', call)).webhook;
  }

  /** Has a `webhook.test` posted at once. @returns how that went: a failure there is none of this call. */
  async test(id: string, options?: KeyedOptions): Promise<WebhookAttempt> {
    return (await this.#http.call('POST /api/webhooks/{id}/test', { params: { id }, options })).attempt;
  }

  /** The calls of the last 30 days, the newest first. */
  attempts(id: string, query?: ListWebhookAttempts, options?: RequestOptions): Pages<WebhookAttempt> {
    return list(this.#http, 'GET /api/webhooks/{id}/attempts', 'attempts', { params: { id }, query, options });
  }

  /** Has the event of an attempt posted once more, under the same id. */
  async redeliver(id: string, attemptId: string, options?: KeyedOptions): Promise<RedeliverWebhookAnswer['delivery']> {
    const call = { params: { id, attemptId }, options };
    return (await this.#http.call('POST /api/webhooks/{id}/attempts/{attemptId}/redeliver', call)).delivery;
  }

  /** Has everything posted once more that happened in a time, e.g. while the receiver was down. */
  async replay(id: string, replay: ReplayWebhook, options?: KeyedOptions): Promise<Webhook> {
    return (await this.#http.call('POST /api/webhooks/{id}/replay', { params: { id }, body: replay, options })).webhook;
  }
}
