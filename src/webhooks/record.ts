import { logger } from '../logger.js';
import { ATTEMPTS_KEPT_SECONDS, type WebhookAttempt, WebhookAttemptModel } from '../models/webhook-attempt.js';
import { WebhookDeliveryModel } from '../models/webhook-delivery.js';
import { insertMissing } from '../mongo.js';
import type { Claimed } from './claim.js';
import { noteHealth } from './health.js';
import { pauseMs } from './retries.js';

/** An attempt waits at most so long for others to be written with it, in ms. */
const GROUP_MS = 100;
const GROUP_SIZE = 64;

interface Made {
  row: Claimed;
  attempt: WebhookAttempt;
  /** It is written, or given up. */
  end: () => void;
}

/**
 * Writes what became of attempts, in groups: the attempt first, then what follows for its delivery. Without the journal, and
 * given up where MongoDB is away: a delivery of which nothing was written is tried again when its claim ends.
 */
export class Recorder {
  private waiting: Made[] = [];
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();

  /** Resolves once it is written, or given up: until then its claim is to be kept, or another worker posts it again. */
  add(row: Claimed, attempt: WebhookAttempt): Promise<void> {
    return new Promise((end) => {
      this.waiting.push({ row, attempt: withNext(attempt), end });
      if (this.waiting.length >= GROUP_SIZE) this.flush();
      else this.timer ??= setTimeout(() => this.flush(), GROUP_MS);
    });
  }

  /** Resolves once everything added so far is written, or given up. */
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
    this.writing = this.writing
      .then(() => write(group))
      .catch((err: unknown) => logger().error({ err }, 'what became of webhooks was not written; they come again'))
      .finally(() => {
        for (const { end } of group) end();
      });
  }
}

function withNext(attempt: WebhookAttempt): WebhookAttempt {
  const pause = attempt.status === 'failed' ? pauseMs(attempt.number) : undefined;
  return pause === undefined ? attempt : { ...attempt, nextAt: new Date(Date.now() + pause) };
}

async function write(group: readonly Made[]): Promise<void> {
  await insertMissing(
    WebhookAttemptModel.collection,
    group.map(({ attempt }) => attempt),
  );
  await WebhookDeliveryModel.collection.bulkWrite(group.map(toUpdate), { ordered: false });
  await noteHealth(group.map(({ attempt }) => attempt));
}

/** Only while the claim is the one that was posted under: what was queued anew meanwhile stays queued. */
function toUpdate({ row: { _id, claim }, attempt: { status, number, nextAt } }: Made) {
  const isDelivered = status === 'succeeded';
  const kept = new Date(Date.now() + ATTEMPTS_KEPT_SECONDS * 1_000);
  const settled = isDelivered ? { status: 'delivered', deliveredAt: new Date() } : { status: 'failed' };
  return {
    updateOne: {
      filter: { _id, claim },
      update: nextAt
        ? { $set: { attempts: number, dueAt: nextAt, cause: 'retry' }, $unset: { claim: 1 as const } }
        : {
            $set: { attempts: number, ...settled, expiresAt: kept },
            $unset: { claim: 1 as const, dueAt: 1 as const },
          },
    },
  };
}
