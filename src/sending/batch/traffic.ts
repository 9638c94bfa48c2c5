/** Calls of an account that SES does not answer; with so many in this process, no further batch of it begins. */
const STUCK = 16;

/**
 * The calls of this process that SES leaves unanswered for long. Their turns do not wait for them, so that an SES that
 * hangs holds up nobody else's campaigns; what becomes of them is recorded when they end.
 */
export class Traffic {
  private readonly stuck = new Map<string, number>();
  private readonly ends = new Set<Promise<void>>();

  /** Whether an account has so many unanswered calls that more would only join them. */
  isStuck(account: string): boolean {
    return (this.stuck.get(account) ?? 0) >= STUCK;
  }

  /** Counts an account's `calls` as stuck until `end` is there. `end` must not reject. */
  add(account: string, calls: number, end: Promise<void>): void {
    this.count(account, calls);
    const counted = end.finally(() => {
      this.count(account, -calls);
      this.ends.delete(counted);
    });
    this.ends.add(counted);
  }

  /** Resolves when all of them have ended and are recorded. */
  async ended(): Promise<void> {
    await Promise.all([...this.ends]);
  }

  private count(account: string, calls: number): void {
    const now = (this.stuck.get(account) ?? 0) + calls;
    if (now > 0) this.stuck.set(account, now);
    else this.stuck.delete(account);
  }
}
