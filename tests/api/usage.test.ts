import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { EmailCampaignModel } from '../../src/models/email-campaign.js';
import { capOfCampaign, capOfDomain } from '../../src/sending/limits/caps.js';
import { type Reservation, reserve, settle } from '../../src/sending/limits/quota.js';
import { dayAfter, dayIn, monthIn } from '../../src/timezones.js';
import { apiKey, register } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { as, draft, people } from '../support/sending.js';

useHub();

const PATH = '/api/business/usage';
const usageOf = async (who: { token: string }) =>
  (await api().get(PATH).auth(who.token, { type: 'bearer' }).expect(200)).body.usage;

describe('GET /api/business/usage', () => {
  it('tells what of the month is used, reserved and left, as the quota has it', async () => {
    const who = await register();
    const businessId = new Types.ObjectId(who.businessId);
    expect(await usageOf(who)).toMatchObject({
      ...{ period: monthIn('UTC'), limit: 1_000, used: 0, reserved: 0 },
      ...{ remaining: 1_000, remainingForCampaigns: 1_000 },
    });
    const { id } = (await reserve(businessId, 100, 'bulk')) as Reservation;
    expect(await usageOf(who)).toMatchObject({ used: 0, reserved: 100, remaining: 900 });
    await settle(businessId, id, 40);
    await reserve(businessId, 10, 'transactional');
    expect(await usageOf(who)).toMatchObject({ used: 40, reserved: 10, remaining: 950, remainingForCampaigns: 900 });
    await BusinessModel.updateOne({ _id: businessId }, { 'quota.period': '2026-01' });
    expect(await usageOf(who)).toMatchObject({ used: 0 });
  });

  it('never has less than nothing left, also where the limit was lowered', async () => {
    const who = await register();
    await BusinessModel.updateOne(
      { _id: who.businessId },
      { 'quota.period': monthIn('UTC'), 'subscription.emailsSentThisMonth': 900, 'subscription.emailsPerMonth': 500 },
    );
    expect(await usageOf(who)).toMatchObject({ used: 900, remaining: 0, remainingForCampaigns: 0 });
  });

  it('ends month and day at the business’s own midnight', async () => {
    const who = await register();
    await as(who, 'patch', '/api/business', { settings: { timezone: 'Asia/Kathmandu' } });
    const { resetsAt, today } = await usageOf(who);
    const local = (date: string) =>
      new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Kathmandu', dateStyle: 'short', timeStyle: 'medium' }).format(
        new Date(date),
      );
    expect(local(resetsAt)).toMatch(/-01 00:00:00$/);
    expect(local(today.endsAt)).toBe(`${dayAfter(today.day, 1)} 00:00:00`);
    expect(new Date(today.endsAt).getTime()).toBeGreaterThan(Date.now());
  });

  it('tells the daily caps of domains and of campaigns under way, and what they used today', async () => {
    const who = await register();
    const businessId = new Types.ObjectId(who.businessId);
    const startsOn = dayAfter(dayIn('UTC'), -1);
    const domainLimits = [
      { domain: 'a.org', dailyCap: 500 },
      { domain: 'b.org', warmUp: { startsOn, perDay: [10, 20] } },
      { domain: 'c.org', warmUp: { startsOn, perDay: [10] } },
    ];
    await as(who, 'patch', '/api/business', { settings: { domainLimits } });
    const [running] = [await draft(who, people(1), { dailyCap: 70 }), await draft(who, people(1), { dailyCap: 80 })];
    await EmailCampaignModel.updateOne({ _id: running }, { status: 'sending', launchedAt: new Date() });
    const [limit] = domainLimits;
    const caps = [capOfCampaign(new Types.ObjectId(running), 70), capOfDomain(limit as { domain: string })];
    await reserve(businessId, 30, 'bulk', caps);
    expect((await usageOf(who)).today).toMatchObject({
      day: dayIn('UTC'),
      caps: [
        { domain: 'a.org', campaign: null, limit: 500, used: 30 },
        { domain: 'b.org', campaign: null, limit: 20, used: 0 },
        { domain: 'c.org', campaign: null, limit: null, used: 0 },
        { domain: null, campaign: running, limit: 70, used: 30 },
      ],
    });
    await BusinessModel.updateOne({ _id: businessId }, { 'quota.day': '2026-01-01' });
    const { caps: tomorrows } = (await usageOf(who)).today;
    expect(tomorrows.map(({ used }: { used: number }) => used)).toEqual([0, 0, 0, 0]);
  });

  it('needs view_analytics, and takes nothing', async () => {
    const who = await register();
    await api()
      .get(PATH)
      .set('X-API-Key', await apiKey(who, ['send_emails']))
      .expect(403);
    await api().get(PATH).expect(401);
    await as(who, 'get', `${PATH}?month=2026-01`, undefined, 422);
  });
});
