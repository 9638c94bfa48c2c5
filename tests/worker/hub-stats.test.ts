import { Queue } from 'bullmq';
import { describe, expect, it, vi } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { DeliveryModel, IN_DOUBT } from '../../src/models/delivery.js';
import { once, register, superAdmin } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { launched, people, sender, ses, untilCampaign, usedOf, useWorkers } from '../support/sending.js';
import { until } from '../support/until.js';

useHub();
const startWorkers = useWorkers();
const administrator = once(superAdmin);

async function stats() {
  const answer = await api()
    .get('/api/admin/stats')
    .auth(await administrator(), { type: 'bearer' })
    .expect(200);
  return answer.body.stats;
}

/** Counted after this was called. */
async function fresh() {
  const now = Date.now();
  return until(async () => {
    const counted = await stats();
    return Date.parse(counted.asOf) > now ? counted : undefined;
  }, 60_000);
}

describe('GET /api/admin/stats', () => {
  it('counts businesses, messages, campaigns, queue and workers', async () => {
    const [who, second] = [await sender(), await sender()];
    await BusinessModel.updateOne({ _id: second.businessId }, { status: 'suspended', 'subscription.plan': 'pro' });
    const recipients = people(10);
    await ses().fail({ kind: 'drop', accessKeyId: who.accessKeyId, recipient: recipients[3]?.email ?? '', next: 1 });
    const id = await launched(who, recipients);
    startWorkers();
    await untilCampaign(who, id, 'sent');
    await usedOf(who);
    await DeliveryModel.updateOne({ campaign: id, status: 'sent' }, { sentAt: new Date(Date.now() - 90_000_000) });
    // What a reset forgave was sent all the same.
    const reset = `/api/admin/businesses/${who.businessId}/reset-quota`;
    await api()
      .post(reset)
      .auth(await administrator(), { type: 'bearer' })
      .expect(200);

    const counted = await fresh();
    expect(counted).toMatchObject({
      businesses: {
        total: 2,
        byStatus: { active: 1, suspended: 1, cancelled: 0 },
        byPlan: { free: 1, basic: 0, pro: 1, enterprise: 0 },
      },
      messages: { thisMonth: 10, last24Hours: 8, unconfirmed: 1 },
      campaigns: { running: 0, pending: 0 },
      queue: { campaigns: { active: 0, waiting: 0, delayed: 0 }, messages: { active: 0 } },
      sending: { isPaused: false },
    });
    expect(counted.workers).toBeGreaterThanOrEqual(1);
  }, 120_000);

  it('shows at once whether sending is stopped, and is counted no more often than every five seconds', async () => {
    await fresh();
    const counts = vi.spyOn(BusinessModel, 'aggregate');
    const token = await administrator();
    await api().post('/api/admin/sending/pause').auth(token, { type: 'bearer' }).send({ reason: 'A leak' }).expect(200);
    const stopped = await Promise.all(Array.from({ length: 10 }, stats));
    for (const { sending } of stopped) expect(sending).toMatchObject({ isPaused: true, reason: 'A leak' });
    await api().post('/api/admin/sending/resume').auth(token, { type: 'bearer' }).expect(200);
    expect((await stats()).sending).toMatchObject({ isPaused: false, reason: null });
    expect(counts.mock.calls.length).toBeLessThanOrEqual(1);
    counts.mockRestore();
  });

  it('answers without Redis, and says so', async () => {
    vi.spyOn(Queue.prototype, 'getJobCounts').mockRejectedValue(new Error('Redis is away'));
    const counted = await fresh();
    vi.restoreAllMocks();
    expect(counted).toMatchObject({ queue: null, workers: null, businesses: { total: 2 } });
  }, 60_000);

  it('counts what is in doubt in an index', async () => {
    const plan = await DeliveryModel.collection
      .find({ status: 'unconfirmed' })
      .project({ _id: 0, status: 1 })
      .hint(IN_DOUBT)
      .explain('executionStats');
    expect(plan.executionStats.totalDocsExamined).toBeLessThanOrEqual(1);
  });

  it('is for administrators of the hub alone', async () => {
    const who = await register();
    await api().get('/api/admin/stats').auth(who.token, { type: 'bearer' }).expect(403);
    await api().get('/api/admin/stats').expect(401);
    await api()
      .get('/api/admin/stats?what=1')
      .auth(await administrator(), { type: 'bearer' })
      .expect(422);
  });
});
