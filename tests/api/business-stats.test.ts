import { Types } from 'mongoose';
import { beforeAll, describe, expect, it } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { AT_ONCE, DeliveryModel } from '../../src/models/delivery.js';
import { SendingDayModel } from '../../src/models/sending-day.js';
import { countingOf } from '../../src/services/business-stats/count.js';
import { stats as statsWithin } from '../../src/services/business-stats/index.js';
import { apiKey, type Registered, register, unique } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { as } from '../support/sending.js';
import { until } from '../support/until.js';

useHub();

const PATH = '/api/business/stats';
const auth = { type: 'bearer' } as const;
const tenantOf = ({ businessId }: Registered) => ({ businessId: new Types.ObjectId(businessId) });

/** Messages of a business, sent at these times, with what became of each. */
async function sent(who: Registered, messages: readonly (Record<string, unknown> & { sentAt: Date })[]): Promise<void> {
  await DeliveryModel.insertMany(
    messages.map((message) => ({
      business: tenantOf(who).businessId,
      campaign: new Types.ObjectId(),
      email: `${unique()}@x.org`,
      status: 'sent',
      bucket: 0,
      dueAt: AT_ONCE,
      createdAt: message.sentAt,
      ...message,
    })),
  );
}

const at = (text: string) => new Date(text);
const statsOf = async (who: Registered, query = '') => (await as(who, 'get', `${PATH}${query}`)).stats;

/** The days of a series on which something was sent, with some of their numbers. */
const busy = (series: { day: string; sent: number; opened: number }[]) =>
  series.filter((one) => one.sent > 0).map(({ day, sent, opened }) => [day, sent, opened]);

let berlin: Registered;
beforeAll(async () => {
  berlin = await register();
  await as(berlin, 'patch', '/api/business', { settings: { timezone: 'Europe/Berlin' } });
  const later = { deliveredAt: at('2026-05-01T00:00:00Z'), openedAt: at('2026-05-02T00:00:00Z') };
  await sent(berlin, [
    { sentAt: at('2026-03-28T22:59:59Z') },
    { sentAt: at('2026-03-28T23:00:00Z'), ...later },
    // The day on which the clocks go forward has 23 hours.
    { sentAt: at('2026-03-29T21:59:59Z'), ...later, clickedAt: at('2026-05-02T00:00:00Z') },
    { sentAt: at('2026-03-29T22:00:00Z'), bouncedAt: at('2026-03-29T22:00:01Z') },
    { sentAt: at('2026-03-30T21:59:59Z'), machineOpenedAt: at('2026-03-30T22:00:00Z') },
  ]);
});

describe('GET /api/business/stats', () => {
  it('counts each message to its day in the business’s timezone, whenever it was opened', async () => {
    const { series, totals, rates, ...rest } = await statsOf(berlin, '?from=2026-03-28&to=2026-03-31');
    expect(rest).toMatchObject({ from: '2026-03-28', to: '2026-03-31', timezone: 'Europe/Berlin' });
    expect(series.map(({ day }: { day: string }) => day)).toEqual([
      '2026-03-28',
      '2026-03-29',
      '2026-03-30',
      '2026-03-31',
    ]);
    expect(busy(series)).toEqual([
      ['2026-03-28', 1, 0],
      ['2026-03-29', 2, 2],
      ['2026-03-30', 2, 0],
    ]);
    expect(totals).toEqual({
      sent: 5,
      delivered: 2,
      opened: 2,
      clicked: 1,
      machineOpened: 1,
      machineClicked: 0,
      bounced: 1,
      complained: 0,
      unsubscribed: 0,
    });
    expect(rates).toMatchObject({
      deliveryRate: 0.4,
      bounceRate: 0.2,
      openRate: 0.5,
      clickRate: 0.25,
      complaintRate: 0,
    });
    for (const [stat, total] of Object.entries(totals)) {
      expect(series.reduce((sum: number, day: Record<string, number>) => sum + (day[stat] ?? 0), 0)).toBe(total);
    }
  });

  it('tells the last 30 days where nothing is asked for, and 30 days from or to one', async () => {
    const who = await register();
    await sent(who, [{ sentAt: new Date() }, { sentAt: new Date(Date.now() - 40 * 86_400_000) }]);
    const last = await statsOf(who);
    expect([last.series.length, last.totals.sent, last.series.at(-1).sent]).toEqual([30, 1, 1]);
    expect((await statsOf(who, '?from=2026-01-01')).to).toBe('2026-01-30');
    expect((await statsOf(who, '?to=2026-01-30')).from).toBe('2026-01-01');
    expect((await statsOf(who, '?from=2026-01-01&to=2027-01-01')).series).toHaveLength(366);
    expect((await statsOf(who, `?from=${last.to}`)).series).toHaveLength(1);
    expect(await statsOf(who, '?from=9999-12-31')).toMatchObject({ to: '9999-12-31', totals: { sent: 0 } });
  });

  it('has no rates of nothing', async () => {
    const { totals, rates } = await statsOf(await register());
    expect(new Set(Object.values(totals))).toEqual(new Set([0]));
    expect(new Set(Object.values(rates))).toEqual(new Set([null]));
  });

  it('counts again what is old, and only that', async () => {
    const who = await register();
    const [today, longAgo] = [new Date(), new Date(Date.now() - 20 * 86_400_000)];
    await sent(who, [{ sentAt: today }, { sentAt: longAgo }]);
    const first = await statsOf(who);
    await sent(who, [{ sentAt: today }, { sentAt: longAgo }]);
    // Of three weeks ago nothing is counted again for hours.
    const second = await until(async () => {
      const now = await statsOf(who);
      return now.totals.sent > first.totals.sent ? now : undefined;
    });
    expect(second.totals.sent).toBe(3);
    await SendingDayModel.updateMany({ business: who.businessId }, { asOf: new Date(0) });
    expect((await statsOf(who)).totals.sent).toBe(4);
  });

  it('knows other days in another timezone', async () => {
    const who = await register();
    await sent(who, [{ sentAt: at('2026-03-31T23:30:00Z') }]);
    expect(busy((await statsOf(who, '?from=2026-03-31&to=2026-04-01')).series)).toEqual([['2026-03-31', 1, 0]]);
    await BusinessModel.updateOne({ _id: who.businessId }, { 'settings.timezone': 'Asia/Kathmandu' });
    expect(busy((await statsOf(who, '?from=2026-03-31&to=2026-04-01')).series)).toEqual([['2026-04-01', 1, 0]]);
  });

  it('goes on counting with the next call where one has no time for all', async () => {
    const who = await register();
    await sent(who, [{ sentAt: at('2026-03-01T12:00:00Z') }, { sentAt: at('2026-03-02T12:00:00Z') }]);
    const asked = { from: '2026-03-01', to: '2026-03-31' };
    await expect(statsWithin(tenantOf(who), asked, 0)).rejects.toMatchObject({
      code: 'unavailable',
      status: 503,
      details: { retryAfterSeconds: 1 },
    });
    expect((await statsOf(who, '?from=2026-03-01&to=2026-03-31')).totals.sent).toBe(2);
    expect((await statsWithin(tenantOf(who), asked, 0)).totals.sent).toBe(2);
  });

  it('reads the messages of a day alone, by the index', async () => {
    const from = at('2026-03-28T23:00:00Z');
    const { pipeline, index } = countingOf(tenantOf(berlin), { from, to: at('2026-03-29T22:00:00Z') });
    const explained = JSON.stringify(
      await DeliveryModel.collection.aggregate(pipeline, { hint: index }).explain('executionStats'),
    );
    expect(explained).toContain('"IXSCAN"');
    expect(explained).toMatch(/"totalKeysExamined":2\b/);
    expect(explained).toMatch(/"totalDocsExamined":2\b/);
  });

  it.each([
    ['a time for a day', '?from=2026-03-01T00:00:00Z', 'from'],
    ['a day that is none', '?to=2026-02-30', 'to'],
    ['an end before the beginning', '?from=2026-03-02&to=2026-03-01', 'to'],
    ['more than 366 days', '?from=2026-01-01&to=2027-01-02', 'to'],
    ['what it does not know', '?campaign=1', 'campaign'],
  ])('refuses %s', async (_case, query, path) => {
    const { errors } = await as(berlin, 'get', `${PATH}${query}`, undefined, 422);
    expect(errors).toMatchObject([{ path }]);
  });

  it('is the tenant’s own, and needs view_analytics', async () => {
    const other = await register();
    expect((await statsOf(other, '?from=2026-03-28&to=2026-03-31')).totals.sent).toBe(0);
    await api()
      .get(PATH)
      .set('X-API-Key', await apiKey(berlin, ['manage_campaigns']))
      .expect(403);
    await api()
      .get(PATH)
      .set('X-API-Key', await apiKey(berlin, ['view_analytics']))
      .expect(200);
    await api().get(PATH).expect(401);
    await api().get(PATH).set('X-Business-Id', berlin.businessId).auth(other.token, auth).expect(403);
  });
});
