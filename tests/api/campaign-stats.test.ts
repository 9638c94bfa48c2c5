import { Types } from 'mongoose';
import { beforeAll, describe, expect, it } from 'vitest';
import { CampaignReportModel } from '../../src/models/campaign-report.js';
import { DeliveryModel } from '../../src/models/delivery.js';
import { EmailCampaignModel } from '../../src/models/email-campaign.js';
import { discardDeleted } from '../../src/sending/campaigns/discard.js';
import { SERIES } from '../../src/sending/campaigns/report-pipeline.js';
import { apiKey, type Registered, register } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { as, draft, people } from '../support/sending.js';
import { until } from '../support/until.js';

useHub();

const LAUNCH = Date.UTC(2026, 2, 1, 10, 30);
const minute = (minutes: number) => new Date(LAUNCH + minutes * 60_000);
const LINKS = ['https://x.org/a', 'https://x.org/{{ city }}', 'https://x.org/a', 'https://x.org/<b>'];

type Fields = Record<string, unknown>;

const sent = { status: 'sent', sentAt: minute(0) };
const delivered = { ...sent, status: 'delivered', deliveredAt: minute(40) };
const opened = { ...delivered, openedAt: minute(100) };
const clicked = { ...opened, clickedAt: minute(200) };
const bounced = (message: string, code = 'General') => ({
  ...sent,
  status: 'bounced',
  bouncedAt: minute(1),
  error: { code, message },
});

/** A campaign that was launched, each of whose recipients came to this end. @returns its id. */
async function ended(who: Registered, ends: readonly Fields[]): Promise<string> {
  const id = await draft(who, people(ends.length));
  const rows = await DeliveryModel.find({ campaign: id }, { _id: 1 }).sort({ email: 1 }).lean();
  await DeliveryModel.bulkWrite(
    rows.map(({ _id }, n) => ({ updateOne: { filter: { _id }, update: { $set: ends[n] ?? {} } } })),
  );
  await EmailCampaignModel.updateOne(
    { _id: id },
    {
      status: 'sent',
      launchedAt: new Date(LAUNCH),
      completedAt: minute(5),
      frozen: { subject: 's', text: 't', fromEmail: 'a@b.com', links: LINKS },
    },
  );
  return id;
}

const statsOf = async (who: Registered, id: string, query = '') =>
  (await as(who, 'get', `/api/campaigns/${id}/stats${query}`)).stats;

const auth = { type: 'bearer' } as const;

let who: Registered;
beforeAll(async () => {
  who = await register();
});

describe('GET /api/campaigns/:id/stats', () => {
  it('tells states, what happened, rates, links and reasons of one reading', async () => {
    const id = await ended(who, [
      { status: 'pending' },
      sent,
      delivered,
      { ...delivered, machineOpenedAt: minute(41), machineClickedAt: minute(41) },
      opened,
      { ...clicked, links: [0, 2, 3] },
      { ...clicked, links: [2], unsubscribedAt: minute(201) },
      { ...clicked, status: 'complained', complainedAt: minute(300), links: [1] },
      bounced('smtp; 550 5.1.1 <p@x.org> user unknown'),
      bounced('smtp; 550 5.1.1 no such user'),
    ]);
    const stats = await statsOf(who, id);
    expect(stats).toMatchObject({
      total: 10,
      states: { pending: 1, sent: 1, delivered: 5, complained: 1, bounced: 2, failed: 0 },
      stats: {
        sent: 9,
        delivered: 6,
        opened: 4,
        clicked: 3,
        machineOpened: 1,
        machineClicked: 1,
        bounced: 2,
        complained: 1,
        unsubscribed: 1,
      },
      rates: {
        deliveryRate: 0.666667,
        bounceRate: 0.222222,
        complaintRate: 0.111111,
        openRate: 0.571429,
        clickRate: 0.428571,
        unsubscribeRate: 0.142857,
        clickToOpenRate: 0.75,
      },
      topLinks: [
        { url: 'https://x.org/a', clicks: 2 },
        { url: 'https://x.org/<b>', clicks: 1 },
        { url: 'https://x.org/{{ city }}', clicks: 1 },
      ],
      bounceReasons: [{ code: 'General', status: '5.1.1', count: 2, example: expect.stringContaining('550 5.1.1') }],
    });
    const states = Object.values(stats.states as Record<string, number>);
    expect(states.reduce((sum, n) => sum + n, 0)).toBe(stats.total);
  });

  it('tells each hour from the first one on, the empty ones too, and they sum to what happened', async () => {
    const id = await ended(who, [sent, delivered, opened, clicked, bounced('')]);
    const { series, stats } = await statsOf(who, id);
    expect(series.slice(0, 5)).toEqual([
      { at: '2026-03-01T10:00:00.000Z', ...none, sent: 5, bounced: 1 },
      { at: '2026-03-01T11:00:00.000Z', ...none, delivered: 3 },
      { at: '2026-03-01T12:00:00.000Z', ...none, opened: 2 },
      { at: '2026-03-01T13:00:00.000Z', ...none, clicked: 1 },
      { at: '2026-03-01T14:00:00.000Z', ...none },
    ]);
    expect(series).toHaveLength(31 * 24);
    for (const stat of SERIES) {
      expect(series.reduce((sum: number, hour: Record<string, number>) => sum + (hour[stat] ?? 0), 0)).toBe(
        stats[stat],
      );
    }
  });

  it('tells the hours that are asked for', async () => {
    const id = await ended(who, [clicked]);
    const hours = async (query: string) =>
      (await statsOf(who, id, query)).series.map(({ at }: { at: string }) => at.slice(0, 13));
    expect(await hours('?from=2026-03-01T12:30:00Z&to=2026-03-01T15:00:00%2B01:00')).toEqual([
      '2026-03-01T12',
      '2026-03-01T13',
    ]);
    const before = await hours('?to=2026-03-01T11:00:00Z');
    expect([before.length, before.at(-1)]).toEqual([31 * 24, '2026-03-01T10']);
    expect(await hours(`?from=${new Date(Date.now() + 86_400_000).toISOString()}`)).toEqual([]);
  });

  it.each([
    ['a day for a time', '?from=2026-03-01', 'from'],
    ['a word for a time beside a good one', '?from=2026-03-01T00:00:00Z&to=tomorrow', 'to'],
    ['an end before the beginning', '?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z', 'to'],
    ['more than 31 days', '?from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:01Z', 'to'],
    ['what it does not know', '?hours=3', 'hours'],
  ])('refuses %s', async (_case, query, path) => {
    const { errors } = await as(who, 'get', `/api/campaigns/${'0'.repeat(24)}/stats${query}`, undefined, 422);
    expect(errors).toMatchObject([{ path }]);
  });

  it('has no rates of nothing, and tells a draft’s recipients', async () => {
    const id = await draft(who, people(3));
    const stats = await statsOf(who, id);
    expect(stats).toMatchObject({ total: 3, states: { pending: 3 }, topLinks: [], bounceReasons: [] });
    expect(new Set(Object.values(stats.rates))).toEqual(new Set([null]));
    await api().delete(`/api/campaigns/${id}`).auth(who.token, auth).expect(200);
    await discardDeleted();
    expect(await CampaignReportModel.exists({ _id: id })).toBeNull();
  });

  it('tells apart by code and status why mail bounced, the most frequent first', async () => {
    const id = await ended(who, [
      bounced('smtp; 550 5.1.1 <a@x.org> unknown'),
      bounced('smtp; 552 5.2.2 mailbox full', 'MailboxFull'),
      bounced('550 5.1.1 <b@x.org> nobody'),
      bounced('refused: id 15.1.1999'),
      { ...bounced(''), error: { code: 'OnAccountSuppressionList', message: '' } },
    ]);
    const { bounceReasons, states } = await statsOf(who, id);
    expect(bounceReasons[0]).toMatchObject({ code: 'General', status: '5.1.1', count: 2 });
    expect(bounceReasons).toEqual(
      expect.arrayContaining([
        { code: 'MailboxFull', status: '5.2.2', count: 1, example: 'smtp; 552 5.2.2 mailbox full' },
        { code: 'General', status: null, count: 1, example: 'refused: id 15.1.1999' },
        { code: 'OnAccountSuppressionList', status: null, count: 1, example: '' },
      ]),
    );
    const sum = bounceReasons.reduce((total: number, { count }: { count: number }) => total + count, 0);
    expect(sum).toBe(states.bounced);
  });

  it('keeps what it read for ten times as long as that took, and one reading serves all who ask meanwhile', async () => {
    const id = await ended(who, [sent]);
    const [first, second] = await Promise.all([statsOf(who, id), statsOf(who, id)]);
    expect(second.asOf).toBe(first.asOf);
    await CampaignReportModel.updateOne({ _id: id }, { tookMs: 3_600_000 });
    await DeliveryModel.updateOne({ campaign: id }, { status: 'delivered', deliveredAt: minute(2) });
    expect((await statsOf(who, id)).asOf).toBe(first.asOf);
    await CampaignReportModel.updateOne({ _id: id }, { tookMs: 1 });
    await until(async () => (await statsOf(who, id)).stats.delivered === 1);
    const campaign = await EmailCampaignModel.findById(id).lean();
    expect(campaign?.counts?.stats).toMatchObject({ delivered: 1 });
  });

  it('is the tenant’s own, and needs view_analytics', async () => {
    const [id, other] = [await draft(who, people(1)), await register()];
    const path = `/api/campaigns/${id}/stats`;
    await api().get(path).auth(other.token, auth).expect(404);
    await api().get(`/api/campaigns/${new Types.ObjectId()}/stats`).auth(who.token, auth).expect(404);
    await api()
      .get(path)
      .set('X-API-Key', await apiKey(who, ['manage_campaigns']))
      .expect(403);
    await api().get(path).expect(401);
  });
});

const none = Object.fromEntries(SERIES.map((stat) => [stat, 0]));
