import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { AT_ONCE, BUCKETS, DeliveryModel } from '../../src/models/delivery.js';
import { claim, findDueOfCampaign, giveBack } from '../../src/sending/batch/claim.js';
import type { Reservation } from '../../src/sending/limits/quota.js';
import { useHub } from '../support/hub.js';

useHub();

const BATCH = 64;

/** A campaign of which this share was sent already. */
async function campaign(recipients: number, sentShare: number): Promise<Types.ObjectId> {
  const id = new Types.ObjectId();
  const rows = Array.from({ length: recipients }, (_, n) => ({
    business: new Types.ObjectId(),
    campaign: id,
    email: `p${n}@example.com`,
    status: n / recipients < sentShare ? 'sent' : 'pending',
    bucket: n % BUCKETS,
    dueAt: AT_ONCE,
    attempts: 0,
    createdAt: new Date(),
  }));
  await DeliveryModel.insertMany(rows);
  return id;
}

const reservation = (n: number, askedAt = performance.now()): Reservation => {
  return { id: new Types.ObjectId(), n, period: '2026-11', askedAt };
};

interface Stage {
  stage?: string;
  totalKeysExamined?: number;
  totalDocsExamined?: number;
}

const statsOf = async (filter: object): Promise<Stage> => {
  const explained = await DeliveryModel.collection.find(filter).limit(BATCH).explain('executionStats');
  return explained.executionStats as Stage;
};

describe('a claim', () => {
  it.each([0, 0.5, 0.95])('of a list that is sent to %d looks at no more than twice its batch', async (sentShare) => {
    const id = await campaign(4_000, sentShare);
    const due = { $lte: new Date() };
    for (const first of [0, 7, 31]) {
      const stats = await statsOf({ campaign: id, status: 'pending', bucket: { $gte: first }, dueAt: due });
      expect(stats.totalKeysExamined).toBeLessThanOrEqual(2 * BATCH);
      expect(stats.totalDocsExamined).toBeLessThanOrEqual(BATCH);
    }
    const found = await findDueOfCampaign(id, BATCH);
    expect(found).toHaveLength(BATCH);
    const ids = found.map(({ _id }) => _id);
    const byId = await statsOf({ _id: { $in: ids }, status: 'pending' });
    expect(byId.totalKeysExamined).toBeLessThanOrEqual(2 * BATCH);
  });

  it('is of one of any number of workers', async () => {
    const id = await campaign(500, 0);
    const candidates = await findDueOfCampaign(id, BATCH);
    const claims = await Promise.all(Array.from({ length: 8 }, () => claim(reservation(BATCH), candidates)));
    const claimed = claims.flatMap(({ deliveries }) => deliveries.map(({ email }) => email));
    expect(claimed).toHaveLength(BATCH);
    expect(new Set(claimed).size).toBe(BATCH);
  });

  it('is too late for any call when its worker stood still since it reserved what pays for it', async () => {
    const id = await campaign(10, 0);
    const { deadline } = await claim(reservation(10, performance.now() - 60_000), await findDueOfCampaign(id, 10));
    expect(deadline).toBeLessThan(performance.now());
  });

  it('leaves alone what another worker has tried since it was found, and that waits now', async () => {
    const id = await campaign(2, 0);
    const found = await findDueOfCampaign(id, 2);
    const first = reservation(1);
    const [one] = found;
    await claim(first, found.slice(0, 1));
    const error = { code: 'ECONNREFUSED', message: '' };
    const dueAt = new Date(Date.now() + 600_000);
    if (one) await giveBack(first.id, [one._id], { keepAttempt: true, dueAt, error });
    const { deliveries } = await claim(reservation(2), found);
    expect(deliveries.map(({ _id }) => _id)).toEqual(found.slice(1).map(({ _id }) => _id));
  });

  it('knows the attempts of each, however many each has had', async () => {
    const id = await campaign(3, 0);
    const [tried] = await findDueOfCampaign(id, 1);
    await DeliveryModel.updateOne({ _id: tried?._id }, { attempts: 4 });
    const { deliveries } = await claim(reservation(3), await findDueOfCampaign(id, 3));
    expect(deliveries.map(({ attempts }) => attempts).sort()).toEqual([1, 1, 5]);
  });

  it('gives back only what it holds', async () => {
    const id = await campaign(10, 0);
    const mine = reservation(10);
    const { deliveries } = await claim(mine, await findDueOfCampaign(id, 10));
    const ids = deliveries.map(({ _id }) => _id);
    await giveBack(new Types.ObjectId(), ids);
    expect(await DeliveryModel.countDocuments({ campaign: id, status: 'sending' })).toBe(10);
    await giveBack(mine.id, ids);
    const back = await DeliveryModel.find({ campaign: id }).lean();
    expect(back.every(({ status, attempts, claim }) => status === 'pending' && attempts === 0 && !claim)).toBe(true);
  });
});
