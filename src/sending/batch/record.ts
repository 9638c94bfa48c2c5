import type { Types } from 'mongoose';
import { type Delivery, DeliveryModel } from '../../models/delivery.js';
import { JOURNALED } from '../../mongo.js';
import { log } from '../log.js';
import { eventOf } from '../outcome-events.js';
import { AWAITS_OUTCOME } from '../states.js';
import type { Outcome } from './outcome.js';
import { persist } from './persist.js';

/** An outcome waits at most so long for others to be written with it, in ms: what a killed worker leaves in doubt. */
const GROUP_MS = 100;
const GROUP_SIZE = 32;

interface Ended {
  delivery: Delivery;
  outcome: Outcome;
}

/**
 * Writes the outcomes of one claim, in groups, and tells them in the log. While MongoDB is away they are kept and tried
 * again: an outcome is accepted whenever the claim's token still matches, also when the lease is over. The claim's
 * reservation is settled after both, so a worker that dies before the log leaves it behind, and the sweeper tells what came
 * of it.
 */
export class Recorder {
  private waiting: Ended[] = [];
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();
  private telling: Promise<void> = Promise.resolve();

  constructor(private readonly token: Types.ObjectId) {}

  add(delivery: Delivery, outcome: Outcome): void {
    this.waiting.push({ delivery, outcome });
    if (this.waiting.length >= GROUP_SIZE) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), GROUP_MS);
  }

  /** Resolves once everything added so far is in MongoDB. */
  async written(): Promise<void> {
    this.flush();
    await this.writing;
    await this.telling;
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.waiting.length === 0) return;
    const group = this.waiting;
    this.waiting = [];
    this.writing = this.writing.then(() => this.write(group));
    // Beside the next group's outcomes, which must not wait for it.
    const written = this.writing;
    this.telling = this.telling.then(() => written).then(() => tell(group));
  }

  private async write(group: readonly Ended[]): Promise<void> {
    const operations = group.map((ended) => this.toUpdate(ended));
    await persist('outcomes', () =>
      DeliveryModel.collection.bulkWrite(operations, { ordered: false, writeConcern: JOURNALED }),
    );
  }

  private toUpdate({ delivery, outcome }: Ended) {
    const filter = { _id: delivery._id, 'claim.token': this.token, status: { $in: [...AWAITS_OUTCOME] } };
    const forget = outcome.kind === 'sent' ? { $unset: { error: 1 as const, unconfirmedAt: 1 as const } } : {};
    // SES was not asked.
    const uncount = outcome.kind === 'suppressed' ? { $inc: { attempts: -1 } } : {};
    return { updateOne: { filter, update: { $set: fieldsOf(outcome), ...forget, ...uncount } } };
  }
}

async function tell(group: readonly Ended[]): Promise<void> {
  const events = group.flatMap(({ delivery, outcome }) => eventOf(delivery, outcome) ?? []);
  await persist('events', () => log(events));
}

function fieldsOf(outcome: Outcome): Partial<Delivery> {
  switch (outcome.kind) {
    case 'sent':
      return { status: 'sent', messageId: outcome.messageId, sentAt: outcome.at };
    case 'failed':
      return { status: 'failed', error: outcome.error, failedAt: outcome.at };
    case 'unconfirmed':
      return { status: 'unconfirmed', error: outcome.error, unconfirmedAt: outcome.at };
    case 'suppressed':
      return { status: 'suppressed', error: outcome.error };
  }
}
