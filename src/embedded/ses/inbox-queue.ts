import { Agent, request as httpRequest } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const MAX_WAITING = 200;
/** Well below the time limit of any client: a send that waits here is accepted already. */
const MAX_BACK_PRESSURE_MS = 3000;
const CONCURRENCY = 4;
const ATTEMPTS = 8;
const FIRST_RETRY_MS = 50;

/** How far the hand-over to the web inbox is. */
export interface InboxState {
  /** Where it goes; null when accepted mail goes nowhere. */
  url: string | null;
  /** Accepted, and not yet in the inbox. */
  onTheWay: number;
  delivered: number;
  /** Refused by the inbox, or not taken in any attempt. */
  failed: number;
}

/**
 * Hands accepted mail on to a web inbox that speaks SES too, a few at a time and in the background. The inbox takes a few
 * hundred a second and the senders may be faster: when too much is waiting, the next answer waits as well, for a while.
 * Nothing is dropped for want of room.
 */
export class InboxQueue {
  #url: string | null = null;
  readonly #waiting: Buffer[] = [];
  /** Wakes a sender that waits for room. */
  readonly #blocked = new Set<() => void>();
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  #busy = 0;
  #delivered = 0;
  #failed = 0;

  /** Changes where mail goes from now on; null for nowhere. */
  setUrl(url: string | null): void {
    this.#url = url;
  }

  state(): InboxState {
    const onTheWay = this.#waiting.length + this.#busy;
    return { url: this.#url, onTheWay, delivered: this.#delivered, failed: this.#failed };
  }

  /** Takes the form body of an accepted send. Resolves when there is room, which is at once but for a flood. */
  async add(body: Buffer): Promise<void> {
    if (this.#url === null) return;
    if (this.#waiting.length >= MAX_WAITING) await this.#room();
    this.#waiting.push(body);
    if (this.#busy < CONCURRENCY) void this.#work();
  }

  /** Gives up what is still on the way. */
  close(): void {
    this.#url = null;
    this.#waiting.length = 0;
    for (const wake of this.#blocked) wake();
    this.#agent.destroy();
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#blocked.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, MAX_BACK_PRESSURE_MS);
      this.#blocked.add(wake);
    });
  }

  async #work(): Promise<void> {
    this.#busy++;
    for (let body = this.#waiting.shift(); body; body = this.#waiting.shift()) {
      const [wake] = this.#blocked;
      wake?.();
      if (await this.#deliver(body)) this.#delivered++;
      else this.#failed++;
    }
    this.#busy--;
  }

  async #deliver(body: Buffer): Promise<boolean> {
    for (let attempt = 0; attempt < ATTEMPTS && this.#url !== null; attempt++) {
      if (attempt > 0) await delay(FIRST_RETRY_MS * 2 ** (attempt - 1));
      const status = await this.#post(this.#url, body).catch(() => 503);
      if (status < 500) return status === 200;
    }
    return false;
  }

  #post(url: string, body: Buffer): Promise<number> {
    const headers = {
      authorization: 'AWS4-HMAC-SHA256 local',
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': body.length,
    };
    return new Promise((resolve, reject) => {
      const request = httpRequest(url, { method: 'POST', agent: this.#agent, headers }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode ?? 500));
        response.once('error', reject);
      });
      request.once('error', reject).end(body);
    });
  }
}
