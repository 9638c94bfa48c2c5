import type { Types } from 'mongoose';
import { type Delivery, DeliveryModel } from '../../models/delivery.js';
import { JOURNALED } from '../../mongo.js';
import { AWAITS_OUTCOME } from '../states.js';
import type { Outcome } from './outcome.js';
import { persist } from './persist.js';

/** An outcome waits at most so long for others to be written with it, in ms: what a killed worker leaves in doubt. */
const GROUP_MS = 100;
const GROUP_SIZE = 32;

/**
 * Writes the outcomes of one claim, in groups. While MongoDB is away they are kept and tried again: an outcome is
 * accepted whenever the claim's token still matches, also when the lease is over.
 */
export class Recorder {
  private waiting: Outcome[] = [];
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly token: Types.ObjectId) {}

  add(outcome: Outcome): void {
    this.waiting.push(outcome);
    if (this.waiting.length >= GROUP_SIZE) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), GROUP_MS);
  }

  /** Resolves once everything added so far is in MongoDB. */
  async written(): Promise<void> {
    this.flush();
    await this.writing;
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.waiting.length === 0) return;
    const group = this.waiting;
    this.waiting = [];
    this.writing = this.writing.then(() => this.write(group));
  }

  private async write(group: readonly Outcome[]): Promise<void> {
    const operations = group.map((outcome) => this.toUpdate(outcome));
    await persist('outcomes', () =>
      DeliveryModel.collection.bulkWrite(operations, { ordered: false, writeConcern: JOURNALED }),
    );
  }

  private toUpdate(outcome: Outcome) {
    const filter = { _id: outcome.id, 'claim.token': this.token, status: { $in: [...AWAITS_OUTCOME] } };
    const forget = outcome.kind === 'sent' ? { $unset: { error: 1 as const, unconfirmedAt: 1 as const } } : {};
    // SES was not asked.
    const uncount = outcome.kind === 'suppressed' ? { $inc: { attempts: -1 } } : {};
    return { updateOne: { filter, update: { $set: fieldsOf(outcome), ...forget, ...uncount } } };
  }
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
