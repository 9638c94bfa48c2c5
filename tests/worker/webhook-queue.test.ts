import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startReceiver } from '../../scripts/support/receiver.js';
import { EventModel } from '../../src/models/event.js';
import { UserModel } from '../../src/models/user.js';
import { WebhookAttemptModel } from '../../src/models/webhook-attempt.js';
import { WebhookDeliveryModel } from '../../src/models/webhook-delivery.js';
import { WebhookEndpointModel } from '../../src/models/webhook-endpoint.js';
import { startWorkers as start } from '../../src/queue/workers.js';
import { fanOut } from '../../src/webhooks/fan-out.js';
import { replayAll } from '../../src/webhooks/replay.js';
import { tellAdmins } from '../../src/webhooks/tell-admins.js';
import { register } from '../support/factories.js';
import { useHub } from '../support/hub.js';
import { as, useWorkers } from '../support/sending.js';
import { mailTo } from '../support/system-mail.js';
import { until } from '../support/until.js';
import { attemptsOf, happen, hook, shown } from '../support/webhooks.js';

const receiver = await startReceiver();
process.env.WEBHOOK_ALLOWED_TARGETS = receiver.target;

useHub();
const startWorkers = useWorkers();
afterEach(async () => {
  await WebhookEndpointModel.deleteMany({});
});

const waiting = (endpoint: string) => WebhookDeliveryModel.countDocuments({ endpoint, status: 'pending' });

describe('an event', () => {
  it('is told to a webhook that was made before it, and queued once however often that is done', async () => {
    const who = await register();
    const { id } = await hook(who, receiver.url('/once'));
    const ids = await happen(who, { count: 3 });
    const marks = () => EventModel.countDocuments({ business: who.businessId, fanOut: true });
    expect(await marks()).toBe(3);
    await Promise.all([fanOut(), fanOut(), fanOut()]);
    expect(await marks()).toBe(0);
    // As though whoever queued them had died before the marks were off.
    await EventModel.updateMany({ _id: { $in: ids } }, { $set: { fanOut: true } });
    await fanOut();
    expect(await waiting(id)).toBe(3);
    startWorkers(2);
    await until(async () => (await waiting(id)) === 0);
    expect(
      receiver
        .of('/once')
        .map((message) => message.id)
        .sort(),
    ).toEqual([...ids].sort());
  });

  it('is posted once also where it takes longer than a claim to write what became of it', async () => {
    const attempts = WebhookAttemptModel.collection;
    const insertMany = attempts.insertMany.bind(attempts);
    const slowly = vi.spyOn(attempts, 'insertMany').mockImplementation(async (...given) => {
      await setTimeout(7_000);
      return insertMany(...given);
    });
    const who = await register();
    const { id } = await hook(who, receiver.url('/slowly-written'));
    await happen(who);
    startWorkers(2);
    await until(() => receiver.of('/slowly-written').length > 0);
    await until(async () => (await waiting(id)) === 0);
    expect(receiver.of('/slowly-written')).toHaveLength(1);
    slowly.mockRestore();
  });

  it('is logged without a mark where nobody wants it', async () => {
    const who = await register();
    await hook(who, receiver.url('/unmarked'), { types: ['email.opened'] });
    await happen(who);
    expect(await EventModel.findOne({ business: who.businessId }).lean()).not.toHaveProperty('fanOut');
  });
});

describe('a replay', () => {
  const begin = async () => {
    const who = await register();
    const made = await hook(who, receiver.url('/replayed'));
    const from = new Date(Date.now() - 60_000).toISOString();
    await happen(who, { count: 1_001 });
    await fanOut();
    await as(who, 'post', `/api/webhooks/${made.id}/replay`, { from, to: new Date().toISOString() }, 202);
    return { who, made };
  };

  it('does not wait for what the outage has left to be tried in hours', async () => {
    const { who, made } = await begin();
    const later = new Date(Date.now() + 10 * 3_600_000);
    await WebhookDeliveryModel.updateMany(
      { endpoint: made.id },
      { $set: { dueAt: later, attempts: 7, cause: 'retry' } },
    );
    await replayAll();
    expect((await shown(who, made)).replay).toMatchObject({ queued: 500 });
    expect(await WebhookDeliveryModel.countDocuments({ endpoint: made.id, dueAt: { $lte: new Date() } })).toBe(500);
  });

  it('waits while much is due', async () => {
    const { who, made } = await begin();
    await replayAll();
    expect((await shown(who, made)).replay).toMatchObject({ status: 'running', queued: 0 });
  });
});

describe('a worker that ends', () => {
  it('waits for no receiver that never answers, and its events come again', async () => {
    const who = await register();
    const made = await hook(who, receiver.url('/ending'));
    receiver.answers('/ending', () => undefined);
    const workers = start();
    const [id] = await happen(who);
    await until(() => receiver.of('/ending').length === 1);
    const began = performance.now();
    await workers.close();
    expect(performance.now() - began).toBeLessThan(5_000);
    receiver.answers('/ending', () => 200);
    startWorkers();
    await until(async () => (await waiting(made.id)) === 0);
    expect(receiver.of('/ending').map((message) => message.id)).toEqual([id, id]);
    expect(await attemptsOf(who, made)).toHaveLength(1);
  });
});

describe('a webhook that is deleted', () => {
  it('leaves nothing behind, also where its deletion died on the way', async () => {
    const who = await register();
    const made = await hook(who, receiver.url('/deleted'));
    await happen(who);
    await fanOut();
    await WebhookEndpointModel.deleteOne({ _id: made.id });
    startWorkers();
    await until(async () => (await WebhookDeliveryModel.countDocuments({ endpoint: made.id })) === 0);
    expect(receiver.of('/deleted')).toEqual([]);
  });
});

describe('the admins', () => {
  it('who are not active, and users, hear nothing of a webhook that is switched off', async () => {
    const who = await register();
    await UserModel.updateOne({ _id: who.userId }, { $set: { isActive: false } });
    const { _id } = await WebhookEndpointModel.create({
      ...{ business: who.businessId, place: 0, name: 'x', url: receiver.url('/x'), secrets: {} },
      disabled: { reason: 'failing', at: new Date(), isUntold: true },
    });
    await tellAdmins();
    expect(await mailTo(who.email)).toEqual([]);
    expect(await WebhookEndpointModel.findById(_id).lean()).not.toHaveProperty('disabled.isUntold');
  });
});
