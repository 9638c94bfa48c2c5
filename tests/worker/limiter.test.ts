import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { redis } from '../../src/redis.js';
import { wasEmptied } from '../../src/sending/limits/filled.js';
import { acquire as acquireFor, exhaustDay, HORIZON_MS, rest } from '../../src/sending/limits/limiter.js';
import { unique } from '../support/factories.js';
import { useHub } from '../support/hub.js';
import { until } from '../support/until.js';

useHub();

/** As a campaign asks. */
const acquire = (account: string, wanted: number, askQuota: Parameters<typeof acquireFor>[2]) =>
  acquireFor({ account, lane: 'bulk' }, wanted, askQuota);

const limits =
  (maxPerSecond: number, left = -1) =>
  async () => ({
    maxPerSecond,
    maxPer24Hours: left,
    sentLast24Hours: 0,
  });

/** The first slots of an account, once its rate is known. */
const slots = (account: string, wanted: number, rate: number) =>
  until(async () => {
    const got = await acquire(account, wanted, limits(rate));
    return got.granted > 0 ? got : undefined;
  });

describe('the limiter', () => {
  it.each([0.2, 0.5, 1, 3])('gives slots also at %d a second', async (rate) => {
    const account = unique('account');
    const { granted, spacingMs } = await slots(account, 64, rate);
    expect(granted).toBeGreaterThanOrEqual(1);
    expect(granted).toBeLessThanOrEqual(Math.max(1, rate));
    expect(spacingMs).toBeCloseTo(1_000 / rate, 1);
    const next = await acquire(account, 64, limits(rate));
    expect(next.granted).toBe(0);
    expect(next.waitMs).toBeGreaterThan(0);
  });

  it('gives to any number of askers no more slots than the rate has, one interval apart', async () => {
    const account = unique('account');
    await slots(account, 1, 100);
    const startedAt = performance.now();
    const starts: number[] = [];
    await until(async () => {
      const grants = await Promise.all(Array.from({ length: 8 }, () => acquire(account, 20, limits(100))));
      for (const { granted, from, spacingMs } of grants) {
        for (let n = 0; n < granted; n += 1) starts.push(from + n * spacingMs);
      }
      return performance.now() - startedAt > 2_000;
    });
    const elapsedS = (performance.now() - startedAt + HORIZON_MS) / 1_000;
    expect(starts.length).toBeLessThanOrEqual(100 * elapsedS + 1);
    expect(starts.length).toBeGreaterThanOrEqual(100 * (elapsedS - 1) * 0.95);
  });

  it('begins empty after Redis was emptied, or had its clock set back', async () => {
    const account = unique('account');
    await slots(account, 10, 50);
    await redis().flushdb();
    await wasEmptied();
    expect((await acquire(account, 10, limits(50))).granted).toBe(0);
    const emptiedAt = performance.now();
    const after = await slots(account, 10, 50);
    expect(after.from - emptiedAt).toBeGreaterThan(HORIZON_MS - 50);
    expect(after.from - performance.now()).toBeLessThan(HORIZON_MS + 100);

    await redis().hset(`pmh:ses:${account}`, 'tat', String((Date.now() + 3_600_000) * 1_000));
    expect((await slots(account, 10, 50)).granted).toBeGreaterThan(0);
  });

  it('gives a new account its first slots at once, when Redis was not emptied lately', async () => {
    const account = unique('account');
    await redis().set('pmh:filled', '1');
    const { from } = await slots(account, 1, 50);
    expect(from - performance.now()).toBeLessThan(50);
  });

  it('gives other mail the next slots, though a campaign has taken all that it may', async () => {
    const account = unique('account');
    await slots(account, 1, 20);
    let last = 0;
    await until(async () => {
      const { granted, from, spacingMs } = await acquire(account, 64, limits(20));
      if (granted > 0) last = from + (granted - 1) * spacingMs;
      return last - performance.now() > HORIZON_MS - 150;
    });
    expect((await acquire(account, 1, limits(20))).granted).toBe(0);
    const test = await acquireFor({ account, lane: 'test' }, 1, limits(20));
    expect(test.granted).toBe(1);
    expect(test.from - performance.now()).toBeLessThan(HORIZON_MS + 100);
    expect(test.from).toBeGreaterThan(last);
  });

  it.each([2, 10])(
    'keeps a campaign at its own %d a second, and leaves the account to others',
    async (ratePerSecond) => {
      const account = unique('account');
      await slots(account, 1, 500);
      const campaign = { id: new Types.ObjectId(), ratePerSecond };
      const startedAt = performance.now();
      let own = 0;
      let others = 0;
      await until(async () => {
        own += (await acquireFor({ account, lane: 'bulk', campaign }, 64, limits(500))).granted;
        others += (await acquire(account, 64, limits(500))).granted;
        return performance.now() - startedAt > 3_000;
      });
      // Of a second's burst the first interval is missing, as the schedule begins empty.
      expect(own).toBeGreaterThanOrEqual(ratePerSecond * 3 * 0.6);
      expect(own).toBeLessThanOrEqual(ratePerSecond * 4.2 + 1);
      expect(others).toBeGreaterThan(1_000);
    },
  );

  it('goes slower after throttles, and comes back', async () => {
    const account = unique('account');
    await slots(account, 1, 100);
    await rest(account);
    const { spacingMs } = await slots(account, 1, 100);
    expect(spacingMs).toBeGreaterThan(13);
    await rest(account);
    expect((await slots(account, 1, 100)).spacingMs).toBeLessThan(spacingMs + 0.5);
    await redis().hincrby(`pmh:ses:${account}`, 'slowAt', -60_000_000);
    expect((await slots(account, 1, 100)).spacingMs).toBeCloseTo(10, 1);
  });

  it('gives nothing for a second after a throttle, and nothing while the day is used up', async () => {
    const account = unique('account');
    await slots(account, 1, 50);
    await rest(account);
    const { from } = await slots(account, 1, 50);
    expect(from - performance.now()).toBeGreaterThan(-100);
    await exhaustDay(account);
    expect(await acquire(account, 1, limits(50))).toMatchObject({ granted: 0 });
  });

  it('counts the day down, whoever asks, and leaves a twentieth of it to mail outside campaigns', async () => {
    const account = unique('account');
    const ask = limits(1_000, 60);
    let granted = 0;
    await until(async () => {
      const grants = await Promise.all(Array.from({ length: 4 }, () => acquire(account, 8, ask)));
      granted += grants.reduce((sum, one) => sum + one.granted, 0);
      return granted >= 57;
    });
    expect(granted).toBe(57);
    expect(await acquire(account, 1, ask)).toMatchObject({ granted: 0, why: 'day_exhausted' });
    expect((await acquireFor({ account, lane: 'test' }, 5, ask)).granted).toBe(3);
    expect(await acquireFor({ account, lane: 'test' }, 5, ask)).toMatchObject({ granted: 0, why: 'day_exhausted' });
  });

  it('asks SES once, not at every turn, while its limits cannot be read', async () => {
    const account = unique('account');
    await slots(account, 1, 1_000);
    await redis().hset(`pmh:ses:${account}`, 'asked', '1');
    let asked = 0;
    const refused = async () => {
      asked += 1;
      throw new Error('AccessDenied');
    };
    for (let n = 0; n < 20; n += 1) await acquire(account, 1, refused);
    expect(asked).toBe(1);
  });

  it('does not make those who have slots wait for what SES says of the account', async () => {
    const account = unique('account');
    await slots(account, 1, 50);
    await redis().hset(`pmh:ses:${account}`, 'asked', '1');
    let answer: () => void = () => undefined;
    const slow = () => new Promise<never>((_resolve, reject) => (answer = () => reject(new Error('late'))));
    const got = await until(async () => {
      const one = await acquire(account, 1, slow);
      return one.granted > 0 ? one : undefined;
    });
    expect(got.granted).toBe(1);
    answer();
  });
});
