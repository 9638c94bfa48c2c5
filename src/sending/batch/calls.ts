import { setTimeout as sleep } from 'node:timers/promises';
import type { Types } from 'mongoose';
import type { Delivery } from '../../models/delivery.js';
import type { Gateway } from '../../ses/gateway.js';
import { isHalted } from '../halt.js';
import { UNCLEAR } from '../limits/breaker.js';
import { type Attempt, attempt, type Stop } from './attempt.js';
import type { GiveBack } from './claim.js';
import type { Recorder } from './record.js';
import type { Mailing, Source } from './source.js';

/** Calls of one batch under way at once. */
const LANES = 16;

/**
 * A slot of the account's rate is lost when its call is so late, in ms: late calls would crowd the ones that follow. So
 * the burst is a quarter of a second's worth, and for accounts so fast that a batch is granted at one moment, the batch.
 */
const LATE_MS = 250;
const LATE_AT_ONCE_MS = 1_000;
const AT_ONCE_MS = 100;

/** Whether it may still send is looked at so often while a batch runs, in ms. */
const WATCH_MS = 300;

/** When SES has answered none of a batch's calls for so long, in ms, its turn goes on without them. */
const SILENT_MS = 2_000;

/** When the calls of a batch may begin, on `performance.now()`'s clock, in ms: one every `spacingMs` from `from` on. */
export interface Pace {
  from: number;
  spacingMs: number;
  /** By how much they may be too late as it is: what was asked for is not known to be given at once. */
  uncertainMs: number;
}

/** How the calls of a batch ended so far. */
export interface CallsEnd {
  /** Calls that used one of the month's messages: sent, or perhaps sent. */
  used: number;
  /** What SES surely did not take, or was never asked to. */
  returned: { id: Types.ObjectId; how: GiveBack }[];
  /** Why the calls stopped early, if SES was the reason. */
  stop?: Stop;
  rejected: number;
  sent: number;
  /** Answers that say whether the message was taken, and calls without one. */
  clear: number;
  unclear: number;
  /** Calls that SES has not answered yet. */
  open: number;
}

/** A delivery that may be sent, and what is sent to it. */
export interface Message {
  delivery: Delivery;
  mailing: Mailing;
}

interface Batch {
  gateway: Gateway;
  source: Source;
  messages: readonly Message[];
  deadline: number;
  pace: Pace;
  signal: AbortSignal;
  recorder: Recorder;
}

/**
 * Makes the calls of a batch, each in its slot, and hands each outcome to the recorder. It stops before the next call
 * when the worker ends, the campaign is paused or cancelled, the claim's deadline is near, or SES says so. Never throws.
 * @returns how it ended, as soon as no further call begins and SES has answered or is silent; `answered` resolves, with
 * `end` complete, when the last answer is there.
 */
export async function makeCalls(batch: Batch): Promise<{ end: CallsEnd; answered: Promise<void> }> {
  const calls = new Calls(batch);
  const answered = calls.run();
  await Promise.race([answered, calls.silence()]);
  return { end: calls.end, answered };
}

class Calls {
  readonly end: CallsEnd = { used: 0, returned: [], rejected: 0, sent: 0, clear: 0, unclear: 0, open: 0 };
  private next = 0;
  private isStopped = false;
  private readonly ended = new AbortController();
  private movedAt = performance.now();
  private readonly mayGoOn: () => Promise<boolean>;
  private readonly lateMs: number;

  constructor(private readonly batch: Batch) {
    this.mayGoOn = watch(batch.source);
    this.lateMs = batch.pace.spacingMs * batch.messages.length < AT_ONCE_MS ? LATE_AT_ONCE_MS : LATE_MS;
  }

  async run(): Promise<void> {
    const { messages } = this.batch;
    await Promise.all(Array.from({ length: Math.min(LANES, messages.length) }, () => this.lane()));
    this.returnRest();
    this.ended.abort();
  }

  /** Resolves when SES has been silent for long, and no further call begins; never, when all was answered before. */
  async silence(): Promise<void> {
    const { signal } = this.ended;
    while (this.end.open === 0 || performance.now() - this.movedAt < SILENT_MS) {
      await sleep(SILENT_MS / 4, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
    }
    this.isStopped = true;
    this.returnRest();
  }

  private returnRest(): void {
    const { messages } = this.batch;
    for (const { delivery } of messages.slice(this.next)) this.end.returned.push({ id: delivery._id, how: {} });
    this.next = messages.length;
  }

  private async lane(): Promise<void> {
    const { messages, pace } = this.batch;
    while (!this.isStopped && this.next < messages.length) {
      const index = this.next++;
      const message = messages[index];
      if (!message) return;
      const slot = pace.from + index * pace.spacingMs;
      const early = slot - performance.now();
      // At most the limiter's horizon, so an ending worker waits no longer than that.
      if (early > 1) await sleep(early);
      const mayGoOn = await this.mayGoOn();
      // After everything that waits, so that what happened meanwhile counts.
      if (!mayGoOn || this.batch.signal.aborted || performance.now() > this.lastMoment(slot)) this.isStopped = true;
      if (this.isStopped) {
        this.end.returned.push({ id: message.delivery._id, how: {} });
        return;
      }
      await this.call(message);
    }
  }

  private lastMoment(slot: number): number {
    return Math.min(this.batch.deadline, slot + this.lateMs - this.batch.pace.uncertainMs);
  }

  private async call({ delivery, mailing }: Message): Promise<void> {
    const { end } = this;
    end.open += 1;
    this.movedAt = performance.now();
    const result = await attempt(this.batch.gateway, mailing, delivery);
    end.open -= 1;
    this.movedAt = performance.now();
    this.note(delivery, result);
  }

  private note(delivery: Delivery, result: Attempt): void {
    const { end } = this;
    if (result.answer === 'clear') end.clear += 1;
    if (result.answer === 'unclear' && ++end.unclear >= UNCLEAR) this.isStopped = true;
    if (!('outcome' in result)) {
      this.noteUnsent(delivery, result);
      return;
    }
    const { kind } = result.outcome;
    this.batch.recorder.add(delivery, result.outcome);
    if (kind === 'sent') end.sent += 1;
    if (kind === 'sent' || kind === 'unconfirmed') end.used += 1;
    if (kind === 'failed' && result.answer === 'clear') end.rejected += 1;
  }

  private noteUnsent(delivery: Delivery, { how, stop }: Extract<Attempt, { stop: Stop }>): void {
    if (stop.kind === 'pause' && this.batch.source.failsAlone(stop)) {
      const error = { code: stop.reason, message: stop.message };
      this.batch.recorder.add(delivery, { kind: 'failed', error, at: new Date() });
      return;
    }
    this.end.returned.push({ id: delivery._id, how });
    this.end.stop ??= stop;
    this.isStopped = true;
  }
}

/** Whether the source, and the hub, may still send, by one look at the database every so often for all lanes. */
function watch(source: Source): () => Promise<boolean> {
  // Since the batch began it may have waited for SES, Redis and MongoDB: the first call looks.
  let looked = Number.NEGATIVE_INFINITY;
  let answer = Promise.resolve(false);
  return async () => {
    if (performance.now() - looked > WATCH_MS) {
      looked = performance.now();
      // Without MongoDB nobody can say so: better a batch given back than one sent after a pause.
      answer = source.isRunning().catch(() => false);
    }
    // The whole process looks at the hub's stop together: it is asked before each call, and read twice a second.
    return (await answer) && !(await isHalted().catch(() => true));
  };
}
