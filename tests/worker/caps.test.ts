import { describe, expect, it } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { DeliveryModel } from '../../src/models/delivery.js';
import { EmailCampaignModel } from '../../src/models/email-campaign.js';
import { sendsFrom } from '../support/factories.js';
import { useHub } from '../support/hub.js';
import {
  accepted,
  as,
  launched,
  people,
  type Sender,
  sender,
  ses,
  untilCampaign,
  useWorkers,
} from '../support/sending.js';
import { until } from '../support/until.js';

useHub();
const startWorkers = useWorkers();

const held = (who: Sender, id: string) =>
  until(async () => {
    const { campaign } = await as(who, 'get', `/api/campaigns/${id}`);
    return campaign.hold ? campaign : undefined;
  });
/**
 * As if the day had turned, until so many have gone out in all. The hold is looked at again each time: a round that was
 * refused on the old day may still write its own, until a midnight that this test does not wait for.
 */
async function turnDay(who: Sender, id: string, sent: number) {
  await until(async () => (await DeliveryModel.countDocuments({ campaign: id, status: 'sending' })) === 0);
  await BusinessModel.updateOne({ _id: who.businessId }, { 'quota.day': '2001-01-01' });
  await until(async () => {
    await EmailCampaignModel.updateOne({ _id: id, 'hold.retryAt': { $exists: true } }, { 'hold.retryAt': new Date(0) });
    return (await accepted(who)).length >= sent;
  });
}

describe('a campaign with a daily cap', () => {
  it('sends so many a day, stays “sending” with the reason, and goes on the next day', async () => {
    const who = await sender();
    startWorkers(2);
    const id = await launched(who, people(100), { dailyCap: 40 });
    const campaign = await held(who, id);
    expect(campaign).toMatchObject({ status: 'sending', hold: { reason: 'daily_cap', until: expect.any(String) } });
    expect(new Date(campaign.hold.until).toISOString()).toMatch(/T00:00:00.000Z$/);
    await until(async () => (await accepted(who)).length >= 40);
    await turnDay(who, id, 80);
    await held(who, id);
    expect(await accepted(who)).toHaveLength(80);
    await turnDay(who, id, 100);
    const sent = await untilCampaign(who, id, 'sent');
    expect(sent.hold).toBeNull();
    const rows = await accepted(who);
    expect(new Set(rows.map(({ recipient }) => recipient)).size).toBe(100);
    expect(rows).toHaveLength(100);
  });
});

describe('a sending domain with a daily cap', () => {
  it('binds all campaigns that send from it, and no other', async () => {
    const who = await sender();
    const domainLimits = [{ domain: 'example.com', dailyCap: 30 }];
    await as(who, 'patch', '/api/business', { settings: { domainLimits } });
    startWorkers();
    const first = await launched(who, people(40));
    const second = await launched(who, people(40));
    await sendsFrom(who, 'elsewhere.com');
    const other = await launched(who, people(40), { fromEmail: 'news@elsewhere.com' });
    await untilCampaign(who, other, 'sent');
    const { hold } = await held(who, first);
    expect(hold).toMatchObject({ reason: 'domain_daily_cap', message: expect.stringContaining('example.com') });
    await held(who, second);
    expect(await accepted(who)).toHaveLength(70);
  });
});

describe('a broadcast from a sending domain whose day is used up', () => {
  it('waits, and those from other domains do not wait behind it', async () => {
    const who = await sender();
    const domainLimits = [{ domain: 'example.com', dailyCap: 2 }];
    await as(who, 'patch', '/api/business', { settings: { domainLimits } });
    await sendsFrom(who, 'elsewhere.com');
    const broadcasts = (from: string, count: number) => {
      const one = { from: `news@${from}`, subject: 's', text: 't', stream: 'broadcast' };
      const emails = Array.from({ length: count }, (_, n) => ({ ...one, to: `p${n}@${from}` }));
      return as(who, 'post', '/api/emails/batch', { emails }, 202);
    };
    await broadcasts('example.com', 40);
    await broadcasts('elsewhere.com', 3);
    // All of them are due, these last.
    await DeliveryModel.updateMany({ business: who.businessId, fromDomain: 'elsewhere.com' }, { dueAt: new Date(1) });
    startWorkers();
    await until(async () => (await accepted(who)).length === 5);
    const waiting = await DeliveryModel.find({ business: who.businessId, status: 'pending' }).lean();
    expect(waiting).toHaveLength(38);
    expect(new Set(waiting.map(({ fromDomain }) => fromDomain))).toEqual(new Set(['example.com']));
  });
});

describe('a campaign with a rate of its own', () => {
  it('keeps to it', async () => {
    const who = await sender(500);
    startWorkers(2);
    const id = await launched(who, people(30), { ratePerSecond: 10 });
    await untilCampaign(who, id, 'sent');
    const points = await ses().series({ accessKeyId: who.accessKeyId, bucketMs: 1_000 });
    for (const { offered } of points) expect(offered).toBeLessThanOrEqual(21);
    const rows = await accepted(who);
    const took = Math.max(...rows.map(({ at }) => at)) - Math.min(...rows.map(({ at }) => at));
    expect(took).toBeGreaterThan(1_800);
  });
});
