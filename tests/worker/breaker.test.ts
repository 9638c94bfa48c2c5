import { describe, expect, it } from 'vitest';
import { DeliveryModel } from '../../src/models/delivery.js';
import { redis } from '../../src/redis.js';
import { report, UNCLEAR } from '../../src/sending/limits/breaker.js';
import { acquire } from '../../src/sending/limits/limiter.js';
import { unique } from '../support/factories.js';
import { useHub } from '../support/hub.js';
import { as, launched, people, sender, ses, statesOf, untilCampaign, useWorkers } from '../support/sending.js';
import { until } from '../support/until.js';

useHub();
const startWorkers = useWorkers();

const limits = async () => ({ maxPerSecond: 1_000, maxPer24Hours: -1, sentLast24Hours: 0 });
const ask = (account: string, wanted = 20) => acquire({ account, lane: 'bulk' }, wanted, limits);
const granted = (account: string) =>
  until(async () => {
    const slots = await ask(account);
    return slots.granted > 0 ? slots : undefined;
  });
/** As if the rest were over. */
const wake = (account: string) => redis().hset(`pmh:ses:${account}`, 'openUntil', '1', 'probeUntil', '1');

describe('the breaker', () => {
  it('opens after some unclear answers in a row, of whatever batches', async () => {
    const account = unique('account');
    await granted(account);
    expect(await report(account, UNCLEAR - 1, 0)).toBe(0);
    expect((await granted(account)).isWatched).toBe(true);
    expect(await report(account, 0, 3)).toBe(0);
    expect((await granted(account)).isWatched).toBe(false);
    await report(account, 2, 0);
    await report(account, 2, 0);
    expect(await report(account, 1, 0)).toBeGreaterThan(4_000);
    expect(await ask(account)).toMatchObject({ granted: 0, why: 'unclear_answers' });
  });

  it('is not opened by unclear answers among clear ones', async () => {
    const account = unique('account');
    for (let n = 0; n < 20; n += 1) expect(await report(account, UNCLEAR - 1, 30)).toBe(0);
  });

  it('lets one call at a time try, rests longer when that is unclear too, and closes at a clear answer', async () => {
    const account = unique('account');
    await granted(account);
    const first = await report(account, UNCLEAR, 0);
    await wake(account);
    expect(await ask(account)).toMatchObject({ granted: 1, isWatched: true });
    expect(await ask(account)).toMatchObject({ granted: 0, why: 'unclear_answers' });
    expect(await report(account, 1, 0)).toBeCloseTo(2 * first, -2);
    // The calls that were under way meanwhile do not count twice.
    expect(await report(account, 10, 0)).toBeLessThanOrEqual(2 * first);
    await wake(account);
    expect((await ask(account)).granted).toBe(1);
    await report(account, 0, 1);
    expect((await granted(account)).granted).toBeGreaterThan(1);
  });
});

describe('an SES that gives no clear answers', () => {
  it('leaves few in doubt, and the campaign goes on when it answers again', { timeout: 60_000 }, async () => {
    const who = await sender();
    const failure = await ses().fail({ kind: 'bad-gateway', accessKeyId: who.accessKeyId });
    const id = await launched(who, people(400));
    startWorkers(2);
    const campaign = await until(async () => {
      const now = (await as(who, 'get', `/api/campaigns/${id}`)).campaign;
      return now.hold ? now : undefined;
    });
    expect(campaign).toMatchObject({ status: 'sending', hold: { reason: 'unclear_answers', until: null } });
    // Of each of four turns and two workers, the calls that were under way at once.
    const doubtful = await DeliveryModel.countDocuments({ campaign: id, status: 'unconfirmed' });
    expect(doubtful).toBeLessThanOrEqual(4 * (16 + UNCLEAR));

    await ses().lift(failure);
    const sent = await untilCampaign(who, id, 'sent', 50_000);
    expect(sent.hold).toBeNull();
    const states = await statesOf(who, id);
    expect(states.sent).toBe((await ses().recipients({ accessKeyId: who.accessKeyId })).length);
    expect((states.sent ?? 0) + (states.unconfirmed ?? 0)).toBe(400);
  });
});
