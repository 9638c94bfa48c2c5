import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { findFreePort } from '../../src/embedded/free-port.js';
import { BUCKETS, type Delivery, DeliveryModel } from '../../src/models/delivery.js';
import { EventModel } from '../../src/models/event.js';
import { NotificationModel } from '../../src/models/notification.js';
import { SuppressionModel } from '../../src/models/suppression.js';
import { redis } from '../../src/redis.js';
import { register } from '../support/factories.js';
import { useHub } from '../support/hub.js';
import { useProcesses } from '../support/processes.js';
import { later, SES_EVENTS } from '../support/ses-events.js';
import { inboxOf, type Message, notification, signed } from '../support/sns.js';
import { until } from '../support/until.js';

useHub();
const start = useProcesses();

const DELIVERIES = 200;
const LANES = 16;

async function deliveriesOf(businessId: string): Promise<Delivery[]> {
  const rows = await DeliveryModel.insertMany(
    Array.from({ length: DELIVERIES }, (_, n) => ({
      business: businessId,
      campaign: new Types.ObjectId(),
      email: `p${n}@killed.example`,
      status: 'unconfirmed' as const,
      bucket: n % BUCKETS,
      dueAt: new Date(0),
      attempts: 1,
      createdAt: new Date(),
    })),
  );
  return rows.map((row) => row.toObject());
}

describe('API and workers killed with kill -9 while events come in', () => {
  it('lose no event and apply none twice', { timeout: 180_000 }, async () => {
    const who = await register();
    const { path, topicArn } = await inboxOf(who);
    const deliveries = await deliveriesOf(who.businessId);
    const messages = deliveries
      .flatMap((one) => [SES_EVENTS.bounce(one), SES_EVENTS.open(one), SES_EVENTS.delivery(one)])
      .map((event) => signed(notification(topicArn, event)));

    const port = await findFreePort();
    const startApi = () => start('server', { PORT: String(port) });
    const startWorker = () => start('worker');
    let api = startApi();
    let workers = [startWorker(), startWorker()];
    await api.ready;

    /** As SNS does: whatever has no 200 for an answer comes again, with the same MessageId. */
    let answered = 0;
    let again = 0;
    const tell = async (message: Message) => {
      await until(async () => {
        const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
          method: 'POST',
          headers: { 'content-type': 'text/plain; charset=UTF-8' },
          body: JSON.stringify(message),
        }).catch(() => undefined);
        if (answer?.ok) return true;
        again += 1;
        return false;
      }, 60_000);
      answered += 1;
    };
    const waiting = [...messages];
    const lane = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) await tell(next);
    };
    const told = Promise.all(Array.from({ length: LANES }, lane));

    const moved = () => DeliveryModel.countDocuments({ status: 'bounced' });
    const applied = () => NotificationModel.countDocuments({ result: 'applied' });
    for (const share of [0.2, 0.5, 0.8]) {
      await until(() => answered > messages.length * share, 60_000, 1);
      // A moment after the ledger was written: what comes after that is not done yet, or is under way.
      const before = await moved();
      await until(async () => (await moved()) > Math.min(before, DELIVERIES - 1), 60_000, 1);
      const running = [api, ...workers];
      for (const { child } of running) child.kill('SIGKILL');
      await Promise.all(running.map(({ ended }) => ended));
      await redis().flushdb();
      api = startApi();
      workers = [startWorker(), startWorker()];
    }
    await told;
    await until(noneWaits, 60_000);

    expect(again).toBeGreaterThan(0);
    expect(await NotificationModel.countDocuments()).toBe(messages.length);
    expect(await applied()).toBe(messages.length);
    const ends = await DeliveryModel.find({ business: who.businessId }).lean();
    for (const end of ends) {
      expect(end).toMatchObject({
        status: 'bounced',
        bouncedAt: new Date(later(5)),
        openedAt: new Date(later(120)),
        deliveredAt: new Date(later(3)),
      });
    }
    expect(ends).toHaveLength(DELIVERIES);
    const log = await EventModel.aggregate<{ _id: string; n: number }>([
      { $match: { business: new Types.ObjectId(who.businessId), type: /^email\./ } },
      { $group: { _id: '$type', n: { $sum: 1 } } },
      { $sort: { _id: 1 } },
    ]);
    expect(log).toEqual(
      ['email.bounced', 'email.delivered', 'email.opened'].map((type) => ({ _id: type, n: DELIVERIES })),
    );
    const listed = await SuppressionModel.find({ business: who.businessId }).lean();
    expect(listed.map(({ reasons }) => reasons.length)).toEqual(Array.from({ length: DELIVERIES }, () => 1));
  });
});

const noneWaits = async () => (await NotificationModel.countDocuments({ dueAt: { $exists: true } })) === 0;
