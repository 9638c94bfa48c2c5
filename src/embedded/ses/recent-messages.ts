import { decodeRawMessage } from './mime-head.js';
import { QueryRequest } from './query-protocol.js';

/** The form bodies of the last accepted sends, oldest out first. */
export class RecentMessages {
  readonly #bodies = new Map<string, Buffer>();

  /** @param limit how many are kept */
  constructor(private readonly limit: number) {}

  add(messageId: string, body: Buffer): void {
    if (this.limit === 0) return;
    this.#bodies.set(messageId, body);
    const [oldest] = this.#bodies.keys();
    if (this.#bodies.size > this.limit && oldest !== undefined) this.#bodies.delete(oldest);
  }

  /** The MIME message of a SendRawEmail, or undefined when it is not kept or was none. */
  find(messageId: string): Buffer | undefined {
    const body = this.#bodies.get(messageId);
    const encoded = body && new QueryRequest(body).getEncoded('RawMessage.Data');
    return encoded && decodeRawMessage(encoded);
  }

  clear(): void {
    this.#bodies.clear();
  }
}
