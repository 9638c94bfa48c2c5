import type { CheckSesAnswer, ConnectSes, ConnectSesAnswer } from '../generated.js';
import type { Http } from '../http.js';
import type { RequestOptions } from '../options.js';

/** The Amazon SES account of the business. To connect one needs a user's token. */
export class Ses {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** Connects an account; its keys are tried before they are kept. */
  connect(credentials: ConnectSes, options?: RequestOptions): Promise<ConnectSesAnswer> {
    return this.#http.call('PUT /api/business/ses', { body: credentials, options });
  }

  /** Forgets its keys. */
  disconnect(options?: RequestOptions): Promise<void> {
    return this.#http.remove('DELETE /api/business/ses', { options });
  }

  /** Examines everything that sending depends on: what is well, what is not, and what to do about it. */
  check(options?: RequestOptions): Promise<CheckSesAnswer> {
    return this.#http.call('POST /api/business/ses/check', { options });
  }
}
