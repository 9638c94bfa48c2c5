import { describe, expect, it } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { DeliveryModel } from '../../src/models/delivery.js';
import { TURNS_PER_CAMPAIGN } from '../../src/queue/jobs.js';
import { BATCH_SIZE } from '../../src/sending/batch/run.js';
import { useHub } from '../support/hub.js';
import { useProcesses } from '../support/processes.js';
import { as, launched, people, sender, ses, statesOf } from '../support/sending.js';
import { until } from '../support/until.js';

useHub();
const start = useProcesses();

describe('a worker killed with kill -9 in the middle of a campaign', () => {
  it('mails nobody twice, forgets nobody, and leaves at most its window in doubt', { timeout: 90_000 }, async () => {
    const count = 900;
    const who = await sender(150);
    const id = await launched(who, people(count));
    const victim = start('worker');
    await until(async () => (await ses().recipients({ accessKeyId: who.accessKeyId })).length > 100);
    victim.child.kill('SIGKILL');
    await victim.ended;

    // The minute that its claims still last, and the half more of its reservations, are over at once.
    await DeliveryModel.updateMany({ status: 'sending' }, { $set: { 'claim.until': new Date(0) } });
    await BusinessModel.updateOne(
      { _id: who.businessId },
      { $set: { 'quota.reservations.$[].at': new Date(Date.now() - 3_600_000) } },
    );
    start('worker');
    await until(async () => (await as(who, 'get', `/api/campaigns/${id}`)).campaign.status === 'sent', 80_000);

    const states = await statesOf(who, id);
    const accepted = await ses().recipients({ accessKeyId: who.accessKeyId });
    expect(new Set(accepted.map((row) => row.recipient)).size).toBe(accepted.length);
    expect((states.sent ?? 0) + (states.unconfirmed ?? 0)).toBe(count);
    expect(states.unconfirmed).toBeLessThanOrEqual(TURNS_PER_CAMPAIGN * BATCH_SIZE);
    expect(accepted.length).toBeGreaterThanOrEqual(states.sent ?? 0);

    const business = await until(async () => {
      const now = await BusinessModel.findById(who.businessId).lean();
      return now?.quota.reservations.length === 0 ? now : undefined;
    });
    expect(business.subscription.emailsSentThisMonth).toBe(count);
  });
});
