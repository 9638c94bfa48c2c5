import { logger } from '../logger.js';
import { type Event, EventModel } from '../models/event.js';
import type { WebhookEndpoint } from '../models/webhook-endpoint.js';
import { attempt } from './attempt.js';
import type { Caller } from './call.js';
import { type Claimed, claim, giveBack, giveUp } from './claim.js';
import type { Lanes } from './lanes.js';
import { type Message, messageOf, tagsOf } from './message.js';
import type { Recorder } from './record.js';

/** So many are claimed beyond what can begin at once, of an endpoint that answers: a claim costs the same for one and for all. */
const AHEAD = 16;

/** What all endpoints of a process share. */
export interface Shared {
  caller: Caller;
  lanes: Lanes;
  recorder: Recorder;
  /** Aborted when calls under way are to be given up. */
  signal: AbortSignal;
  report(err: unknown): void;
}

interface Job {
  row: Claimed;
  message: Message;
}

/** One endpoint, in one process: what it has claimed of it, and its calls. */
export class Line {
  private readonly ready: Job[] = [];
  private readonly running = new Set<Claimed>();
  private readonly work = new Set<Promise<void>>();
  private isClaiming = false;
  /** The last claim got all it wanted. */
  private hasMore = true;
  private isStopped = false;

  constructor(
    private endpoint: WebhookEndpoint,
    private readonly shared: Shared,
  ) {}

  /** Something waits for it, and this is how it is by now. */
  see(endpoint: WebhookEndpoint): void {
    this.endpoint = endpoint;
    this.isStopped = false;
    this.hasMore = true;
    this.go();
  }

  /** What it has claimed: to be renewed. */
  held(): Claimed[] {
    return [...this.ready.map(({ row }) => row), ...this.running];
  }

  get isIdle(): boolean {
    return this.work.size === 0;
  }

  /** Begins nothing more; calls under way end as they do. What was not begun is given back. */
  stop(): void {
    this.isStopped = true;
    this.returnReady();
  }

  /** Resolves when nothing is under way. */
  async ended(): Promise<void> {
    while (this.work.size > 0) await Promise.all(this.work);
  }

  private get id(): string {
    return this.endpoint._id.toHexString();
  }

  /** Begins what may begin, and claims more when little is left. */
  private go(): void {
    const { lanes } = this.shared;
    while (!this.isStopped && this.ready.length > 0 && lanes.free(this.id) > 0) {
      const job = this.ready.shift() as Job;
      this.track(this.call(job));
    }
    // Another worker may be in a better way to reach it; and it is looked at anew before each call.
    if (lanes.isSlow(this.id)) this.returnReady();
    if (this.isStopped || this.isClaiming || !this.hasMore || this.ready.length > AHEAD / 2) return;
    const free = lanes.free(this.id);
    const most = lanes.isSlow(this.id) ? free : free + AHEAD - this.ready.length;
    if (most > 0) this.track(this.fill(most));
  }

  private async fill(most: number): Promise<void> {
    this.isClaiming = true;
    try {
      const rows = await claim(this.endpoint._id, most);
      this.hasMore = rows.length === most;
      if (rows.length > 0) await this.load(rows);
    } catch (err) {
      // The next look tries again.
      this.hasMore = false;
      this.shared.report(err);
    } finally {
      this.isClaiming = false;
    }
    if (this.isStopped) this.returnReady();
    else this.go();
  }

  private async load(rows: readonly Claimed[]): Promise<void> {
    const events = await EventModel.find({ _id: { $in: rows.map(({ event }) => event) } }).lean<Event[]>();
    const byId = new Map(events.map((event) => [String(event._id), event]));
    const tags = await tagsOf(events);
    const lost: Claimed[] = [];
    for (const row of rows) {
      const event = byId.get(String(row.event));
      if (event) this.ready.push({ row, message: messageOf(event, tags) });
      else lost.push(row);
    }
    if (lost.length > 0) await giveUp(lost);
  }

  private async call({ row, message }: Job): Promise<void> {
    const { caller, lanes, recorder, signal } = this.shared;
    const end = lanes.begin(this.id);
    this.running.add(row);
    try {
      const made = { cause: row.cause, number: row.attempts + 1 };
      const done = await attempt(caller, this.endpoint, message, made, signal);
      // Its claim is kept until that is written: else another worker would post it again.
      void recorder.add(row, done).then(() => this.running.delete(row));
      const { status, httpStatus, durationMs } = done;
      end({ isSuccess: status === 'succeeded', isAnswered: httpStatus !== undefined, durationMs });
    } catch (err) {
      end();
      if (!signal.aborted) logger().error({ err, webhookId: this.endpoint._id }, 'a webhook could not be tried');
      this.running.delete(row);
      await giveBack([row]).catch(() => undefined);
    } finally {
      this.go();
    }
  }

  private returnReady(): void {
    const rows = this.ready.splice(0).map(({ row }) => row);
    // Where MongoDB is away they are due again when their claim ends.
    if (rows.length > 0) this.track(giveBack(rows).catch(() => undefined));
  }

  private track(work: Promise<void>): void {
    const tracked = work.finally(() => this.work.delete(tracked));
    this.work.add(tracked);
  }
}
