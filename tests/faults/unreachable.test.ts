import { describe, expect, it } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { DeliveryModel } from '../../src/models/delivery.js';
import { redis } from '../../src/redis.js';
import { accountOf } from '../../src/ses/credentials.js';
import { useHub } from '../support/hub.js';
import { useProcesses } from '../support/processes.js';
import { accepted, as, launched, people, sender, statesOf } from '../support/sending.js';
import { until } from '../support/until.js';

useHub();
const start = useProcesses();

describe('an SES that cannot be reached', () => {
  it('surely took nothing: it is tried again, later each time, and given up with the reason', {
    timeout: 60_000,
  }, async () => {
    const who = await sender();
    const id = await launched(who, people(6));
    const business = await BusinessModel.findById(who.businessId).lean().orFail();
    // The account's limits were learnt while it could be reached.
    await redis().hset(`pmh:ses:${accountOf(business)}`, 'rate', 1_000, 'max', -1, 'asked', '9'.repeat(15));
    // Nothing listens there.
    start('worker', { SES_ENDPOINT: 'http://127.0.0.1:1' });
    const tried = await until(async () => {
      const [one] = await DeliveryModel.find({ campaign: id, attempts: 1, status: 'pending' }).lean();
      return one;
    });
    expect(tried).toMatchObject({ error: { code: 'ECONNREFUSED' } });
    expect(tried.dueAt.getTime()).toBeGreaterThan(Date.now() - 1_000);
    expect((await as(who, 'get', `/api/campaigns/${id}`)).campaign.status).toBe('sending');

    // At each look: whoever is being tried just then is pending a moment later.
    const lastButOne = () =>
      DeliveryModel.updateMany(
        { campaign: id, status: 'pending', attempts: { $lt: 7 } },
        { attempts: 7, dueAt: new Date(0) },
      );
    await until(async () => {
      await lastButOne();
      return (await statesOf(who, id)).failed === 6;
    }, 40_000);
    expect(await DeliveryModel.findOne({ campaign: id }).lean()).toMatchObject({
      attempts: 8,
      error: { code: 'ECONNREFUSED', message: expect.stringContaining('127.0.0.1') },
    });
    expect(await accepted(who)).toEqual([]);
  });
});
