import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { DeliveryModel } from '../../src/models/delivery.js';
import { EmailCampaignModel } from '../../src/models/email-campaign.js';
import { redis } from '../../src/redis.js';
import { count } from '../../src/sending/campaigns/counts.js';
import { suppress } from '../../src/sending/suppression.js';
import { sweep } from '../../src/sending/upkeep/sweep.js';
import { useHub } from '../support/hub.js';
import {
  accepted,
  as,
  draft,
  launched,
  people,
  sender,
  ses,
  statesOf,
  untilCampaign,
  useWorkers,
} from '../support/sending.js';
import { until } from '../support/until.js';

useHub();
const startWorkers = useWorkers();

describe('a campaign', () => {
  it('reaches everybody exactly once, each with his own name', async () => {
    const who = await sender();
    const recipients = [...people(298), { email: 'ö-free@xn--mller-kva.test' }, { email: "o'hara@example.com" }]
      .map((one, n) => (n < 2 ? { ...one, name: ['Jürgen Groß', 'Seán O’Hara <x>'][n] ?? '' } : one))
      .filter(({ email }) => !email.startsWith('ö'));
    const id = await launched(who, recipients);
    startWorkers(2);
    await untilCampaign(who, id, 'sent');

    const rows = await accepted(who);
    expect(rows.map((row) => row.recipient).sort()).toEqual(recipients.map((one) => one.email).sort());
    expect(new Set(rows.map((row) => row.messageId)).size).toBe(recipients.length);
    expect(await statesOf(who, id)).toEqual({ sent: recipients.length });
    const delivery = await DeliveryModel.findOne({ campaign: id, email: recipients[0]?.email }).lean();
    const row = rows.find((one) => one.recipient === recipients[0]?.email);
    expect(delivery?.messageId).toContain(row?.messageId);
    expect(row?.tags).toMatchObject({ pmh_delivery: String(delivery?._id), pmh_attempt: '1', pmh_campaign: id });
  });

  it('carries one-click unsubscribe headers, a text part and the recipient in the envelope', async () => {
    const who = await sender();
    const [ann] = people(1);
    const id = await launched(who, [{ email: ann?.email ?? '', name: 'Ann <b> & Söhne' }], {
      content: { html: '<p>Dear {{ name }}</p>' },
    });
    startWorkers();
    await untilCampaign(who, id, 'sent');
    const [row] = await accepted(who);
    const raw = (await ses().raw(row?.messageId ?? '')).replace(/\r\n[ \t]+/g, ' ');
    expect(raw).toMatch(/^List-Unsubscribe: <https:\/\/hub\.example\.test\/u\/[\w-]+>\r?$/m);
    expect(raw).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r?$/m);
    expect(raw).toMatch(/^Content-Type: text\/plain; charset=utf-8/m);
    expect(raw).toContain('Ann &lt;b&gt; &amp; S=C3=B6hne');
    expect(raw.split('\r\n').every((one) => one.length <= 998)).toBe(true);
  });

  it('has numbers that sum to its total at every moment, and are whole when it is sent', async () => {
    const who = await sender();
    const id = await launched(who, people(500));
    startWorkers(2);
    const campaignId = new Types.ObjectId(id);
    const totals = new Set<number>();
    await until(async () => {
      const { total, states } = await count(campaignId);
      totals.add(total).add(Object.values(states).reduce((sum, n) => sum + n, 0));
      const campaign = await EmailCampaignModel.findById(id).lean();
      if (campaign?.status === 'sent') expect(campaign.counts).toMatchObject({ total: 500, states: { sent: 500 } });
      return campaign?.status === 'sent';
    });
    expect([...totals]).toEqual([500]);
  });

  it('leaves out who was suppressed after the import', async () => {
    const who = await sender();
    const recipients = people(40);
    const id = await draft(who, recipients);
    for (const { email } of recipients.slice(0, 3)) {
      await suppress({ businessId: new Types.ObjectId(who.businessId) }, email, 'unsubscribed', 'test');
    }
    await as(who, 'post', `/api/campaigns/${id}/send`, undefined, 202);
    startWorkers();
    await untilCampaign(who, id, 'sent');
    expect(await statesOf(who, id)).toEqual({ sent: 37, suppressed: 3 });
    const reached = (await accepted(who)).map((row) => row.recipient);
    expect(reached).not.toContain(recipients[0]?.email);
    const business = await BusinessModel.findById(who.businessId).lean();
    expect(business?.subscription.emailsSentThisMonth).toBe(37);
  });

  it('stops at the quota to the message, and goes on when the limit is raised', async () => {
    const who = await sender();
    await BusinessModel.updateOne({ _id: who.businessId }, { $set: { 'subscription.emailsPerMonth': 50 } });
    const id = await launched(who, people(120));
    startWorkers(2);
    const paused = await untilCampaign(who, id, 'paused');
    expect(paused.pause.reason).toBe('quota_exceeded');
    await until(async () => (await BusinessModel.findById(who.businessId).lean())?.quota.reservations.length === 0);
    expect(await accepted(who)).toHaveLength(50);
    expect((await BusinessModel.findById(who.businessId).lean())?.subscription.emailsSentThisMonth).toBe(50);

    await BusinessModel.updateOne({ _id: who.businessId }, { $set: { 'subscription.emailsPerMonth': 1_000 } });
    await sweep();
    await untilCampaign(who, id, 'sent');
    const rows = await accepted(who);
    expect(new Set(rows.map((row) => row.recipient)).size).toBe(120);
    expect(rows).toHaveLength(120);
  });

  it('begins the month anew exactly once when it has turned', async () => {
    const who = await sender();
    await BusinessModel.updateOne(
      { _id: who.businessId },
      { $set: { 'subscription.emailsSentThisMonth': 1_000, 'quota.period': '2001-01' } },
    );
    const id = await launched(who, people(90));
    startWorkers(2);
    await untilCampaign(who, id, 'sent');
    const business = await until(async () => {
      const now = await BusinessModel.findById(who.businessId).lean();
      return now?.quota.reservations.length === 0 ? now : undefined;
    });
    expect(business.subscription.emailsSentThisMonth).toBe(90);
    expect(business.quota.period).toMatch(/^20\d\d-\d\d$/);
  });

  it('keeps its content when its template is changed after the launch', async () => {
    const who = await sender();
    const { template } = await as(
      who,
      'post',
      '/api/templates',
      { name: 'T', subject: 'First', content: { html: '<p>First</p>' } },
      201,
    );
    const id = await launched(who, people(3), { template: template.id, content: undefined, subject: undefined });
    await as(who, 'patch', `/api/templates/${template.id}`, { subject: 'Second', content: { html: '<p>Second</p>' } });
    startWorkers();
    await untilCampaign(who, id, 'sent');
    const [row] = await accepted(who);
    const raw = await ses().raw(row?.messageId ?? '');
    expect(raw).toContain('Subject: First');
    expect(raw).not.toContain('Second');
  });

  it('goes on after Redis was emptied', async () => {
    const who = await sender(100);
    const recipients = people(150);
    const id = await launched(who, recipients);
    startWorkers();
    await until(async () => (await accepted(who)).length > 20);
    await redis().flushdb();
    await until(async () => {
      await sweep();
      return (await as(who, 'get', `/api/campaigns/${id}`)).campaign.status === 'sent';
    });
    expect(await statesOf(who, id)).toEqual({ sent: 150 });
    expect(await accepted(who)).toHaveLength(150);
  });

  it('takes turns: a small one is not kept waiting by a long one of another business', async () => {
    const long = await sender(50);
    const small = await sender(50);
    const longId = await launched(long, people(1_000));
    startWorkers();
    await until(async () => (await accepted(long)).length > 0);
    const smallId = await launched(small, people(10));
    await untilCampaign(small, smallId, 'sent');
    expect((await as(long, 'get', `/api/campaigns/${longId}`)).campaign.status).toBe('sending');
    expect((await accepted(long)).length).toBeLessThan(500);
  });

  it('never exceeds the rate that SES allows', async () => {
    const who = await sender(40);
    await ses().changeAccount(who.accessKeyId, { enforceLimits: false });
    const id = await launched(who, people(160));
    startWorkers(3);
    await untilCampaign(who, id, 'sent');
    const points = await ses().series({ accessKeyId: who.accessKeyId, bucketMs: 1_000 });
    for (const { offered } of points) expect(offered).toBeLessThanOrEqual(50);
  });
});
