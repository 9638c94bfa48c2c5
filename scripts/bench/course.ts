/** Code is still being compiled while so many go out. */
const WARM_UP = 2_000;
/** What is looked at of the beginning and of the end of a long list; of a short one it is a tenth. */
const WINDOW = 100_000;

/** The course of a drain, looked at every so often: what its messages have cost so far. */
export class Course {
  private readonly points: { sent: number; cpuUs: number }[] = [];

  constructor(private readonly recipients: number) {}

  /** @param sent never less than before. @param cpuUs CPU time of the worker so far, in µs. */
  add(sent: number, cpuUs: number): void {
    this.points.push({ sent, cpuUs });
  }

  /** CPU a message, in µs, at the beginning and at the end of the list. */
  ends(): { firstUs: number; lastUs: number } {
    const size = Math.min(WINDOW, Math.floor(this.recipients / 10));
    return {
      firstUs: this.between(Math.min(WARM_UP, size), size),
      lastUs: this.between(this.recipients - size, size),
    };
  }

  private between(from: number, count: number): number {
    return (this.at(from + count) - this.at(from)) / count;
  }

  /** What the first `sent` messages cost together: exact where it was looked at, in between by proportion. */
  private at(sent: number): number {
    const index = this.points.findIndex((point) => point.sent >= sent);
    const after = this.points[index];
    const before = this.points[index - 1];
    if (!after) throw new Error(`Nobody looked when ${sent} were sent`);
    if (!before) return after.cpuUs;
    return before.cpuUs + ((sent - before.sent) / (after.sent - before.sent)) * (after.cpuUs - before.cpuUs);
  }
}
