import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

/** As long as SNS waits for an endpoint (SNS Developer Guide, "Fanout to HTTP/S endpoints"). */
const TIMEOUT_MS = 15_000;

/** Posts notifications; redirects are not followed. */
export class Poster {
  readonly #http = new HttpAgent({ keepAlive: true });
  readonly #https = new HttpsAgent({ keepAlive: true });

  /** @returns the status. @throws Error when there is no answer in time */
  post(url: string, body: string, headers: Record<string, string>): Promise<number> {
    const isSecure = url.startsWith('https:');
    const options = {
      method: 'POST',
      agent: isSecure ? this.#https : this.#http,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        ...headers,
        'content-length': Buffer.byteLength(body),
        'user-agent': 'Amazon Simple Notification Service Agent',
      },
    };
    return new Promise((resolve, reject) => {
      const request = (isSecure ? httpsRequest : httpRequest)(url, options, (response) => {
        response.resume().once('end', () => resolve(response.statusCode ?? 500));
        response.once('error', reject);
      });
      request.once('error', reject).end(body);
    });
  }

  /** Cuts what is on its way. */
  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}
