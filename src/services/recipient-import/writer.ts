import type { Recipient } from './entry.js';
import type { Inserted } from './insert.js';

/** Batches of 250 to 1,000 measured alike, in time as in memory. */
const BATCH_SIZE = 500;

/**
 * Collects recipients into batches of different addresses. One batch is written while the next is collected, and never
 * two at a time: of equal addresses in two batches the first wins.
 */
export class Writer {
  #batch = new Map<string, Recipient>();
  #underWay: Promise<void> = Promise.resolve();

  constructor(
    private readonly write: (batch: Recipient[]) => Promise<Inserted>,
    private readonly count: (inserted: Inserted) => void,
  ) {}

  /** Whether it is time to `flush`. */
  get isFull(): boolean {
    return this.#batch.size >= BATCH_SIZE;
  }

  add(recipient: Recipient): void {
    if (this.#batch.has(recipient.email)) this.count({ added: 0, duplicates: 1, suppressed: 0 });
    else this.#batch.set(recipient.email, recipient);
  }

  /**
   * Begins to write what was collected, once what is under way is written.
   * @throws what writing the batch before this one threw.
   */
  async flush(): Promise<void> {
    await this.#underWay;
    if (this.#batch.size === 0) return;
    const batch = [...this.#batch.values()];
    this.#batch = new Map();
    this.#underWay = this.write(batch).then(this.count);
    // Its failure is thrown by the next flush; until then nobody listens, which would end the process.
    this.#underWay.catch(() => {});
  }

  /** Resolves when everything is written. */
  async end(): Promise<void> {
    await this.flush();
    await this.#underWay;
  }

  /** Resolves when nothing is under way any more, also after a failure. */
  async settled(): Promise<void> {
    await this.#underWay.catch(() => {});
  }
}
