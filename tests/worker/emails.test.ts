import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { DeliveryModel } from '../../src/models/delivery.js';
import { EmailCampaignModel } from '../../src/models/email-campaign.js';
import { EventModel } from '../../src/models/event.js';
import { MessageModel } from '../../src/models/message.js';
import { SuppressionModel } from '../../src/models/suppression.js';
import { redis } from '../../src/redis.js';
import { sweep } from '../../src/sending/upkeep/sweep.js';
import { apiKey } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { accepted, as, launched, people, type Sender, sender, ses, usedOf, useWorkers } from '../support/sending.js';
import { until } from '../support/until.js';

useHub();
const startWorkers = useWorkers();

const order = (fields: object = {}) => ({
  to: 'Ann <ann@example.com>',
  from: 'Whisky <orders@example.com>',
  subject: 'Your order',
  html: '<p>Thank you</p>',
  ...fields,
});

async function send(who: Sender, fields: object = {}): Promise<string> {
  const { email } = await as(who, 'post', '/api/emails', order(fields), 202);
  return email.id;
}

const emailOf = async (who: Sender, id: string) => (await as(who, 'get', `/api/emails/${id}`)).email;

const untilStatus = (who: Sender, id: string, status: string) =>
  until(async () => {
    const email = await emailOf(who, id);
    return email.status === status ? email : undefined;
  });

const typesOf = async (id: string) => {
  const events = await EventModel.find({ message: id }).sort({ at: 1 }).lean();
  return events.map(({ type }) => type);
};

describe('a single message', () => {
  it('goes to each address by itself, with the same header, and uses the month for each', async () => {
    const who = await sender();
    startWorkers();
    const id = await send(who, {
      cc: 'Ben <ben@example.com>',
      bcc: 'cleo@example.com',
      replyTo: 'Desk <desk@example.com>',
      headers: { 'X-Order': '4711' },
      attachments: [{ filename: 'bill.pdf', content: 'SGVsbG8=', contentType: 'application/pdf' }],
    });
    const email = await untilStatus(who, id, 'sent');
    const rows = await accepted(who);
    expect(rows.map(({ recipient }) => recipient).sort()).toEqual([
      'ann@example.com',
      'ben@example.com',
      'cleo@example.com',
    ]);
    for (const { messageId } of rows) {
      const raw = await ses().raw(messageId);
      expect(raw).toMatch(/^To: Ann <ann@example.com>\r$/m);
      expect(raw).toMatch(/^Cc: Ben <ben@example.com>\r$/m);
      expect(raw).toMatch(/^Reply-To: Desk <desk@example.com>\r$/m);
      expect(raw).toMatch(/^X-Order: 4711\r$/m);
      expect(raw).not.toContain('cleo');
      expect(raw).not.toMatch(/^List-Unsubscribe/m);
      expect(raw).toContain('SGVsbG8=');
      expect(raw).toContain('filename=bill.pdf');
    }
    expect(await usedOf(who)).toBe(3);
    expect(email.recipients.map(({ messageId }: { messageId: string }) => messageId).sort()).toEqual(
      rows.map(({ messageId }) => messageId).sort(),
    );
    await until(async () => (await typesOf(id)).length === 3);
    expect(await typesOf(id)).toEqual(['email.sent', 'email.sent', 'email.sent']);
    await sweep();
    expect((await BusinessModel.findById(who.businessId).lean())?.subscription.emailsSentThisMonth).toBe(3);
  });

  it('has its own way out for each recipient where it is bulk', async () => {
    const who = await sender();
    startWorkers();
    const id = await send(who, { to: ['ann@example.com', 'ben@example.com'], stream: 'broadcast' });
    await untilStatus(who, id, 'sent');
    const links = await Promise.all(
      (await accepted(who)).map(async ({ messageId }) => {
        const raw = (await ses().raw(messageId)).replaceAll('=\r\n', '').replaceAll('\r\n ', ' ');
        const [, link = ''] = /^List-Unsubscribe: <([^>]+)>/m.exec(raw) ?? [];
        expect(raw).toContain(`Unsubscribe: ${link}`);
        expect(raw).not.toContain('pmh.invalid');
        return link;
      }),
    );
    expect(new Set(links).size).toBe(2);
    const [link = ''] = links;
    expect((await api().post(new URL(link).pathname)).status).toBe(200);
    const left = await until(() => SuppressionModel.findOne({ business: who.businessId }).lean());
    expect(left.reasons).toMatchObject([{ reason: 'unsubscribed' }]);
    expect(await typesOf(id)).toContain('email.unsubscribed');
  });

  it('has it wherever it is named, and shows its reader the name instead', async () => {
    const who = await sender();
    startWorkers();
    const id = await send(who, {
      subject: 'Leave by {{ unsubscribe_url }}',
      html: '<p>{{ unsubscribe_url }}</p>',
      text: 'https://shop.example/leave?by={{ unsubscribe_url | url_encode }}',
      variables: {},
    });
    const email = await untilStatus(who, id, 'sent');
    expect(email).toMatchObject({
      subject: 'Leave by {{ unsubscribe_url }}',
      content: {
        html: '<p>{{ unsubscribe_url }}</p>',
        text: 'https://shop.example/leave?by={{ unsubscribe_url }}',
      },
    });
    const [row] = await accepted(who);
    const raw = (await ses().raw(row?.messageId ?? '')).replaceAll('=\r\n', '').replace(/\r\n(?= )/g, '');
    const [, link = ''] = /<p>(http[^<]+)<\/p>/.exec(raw) ?? [];
    expect(raw).toContain(`Subject: Leave by ${link}`);
    expect(raw).toContain(encodeURIComponent(link));
    expect(raw).not.toContain('pmh.invalid');
  });

  it('waits for its time, and can be cancelled until then', async () => {
    const who = await sender();
    startWorkers();
    const scheduledFor = new Date(Date.now() + 3_600_000).toISOString();
    const [kept, cancelled] = [await send(who, { scheduledFor }), await send(who, { scheduledFor })];
    await send(who);
    await until(async () => (await accepted(who)).length === 1);
    const { email } = await as(who, 'post', `/api/emails/${cancelled}/cancel`);
    expect(email.status).toBe('cancelled');
    await as(who, 'post', `/api/emails/${cancelled}/cancel`, undefined, 409);
    await DeliveryModel.updateMany({ message: { $in: [kept, cancelled] } }, { dueAt: new Date() });
    await untilStatus(who, kept, 'sent');
    expect(await accepted(who)).toHaveLength(2);
  });

  it('fails with the reason when its time is over, which its event tells', async () => {
    const who = await sender();
    const id = await send(who);
    await DeliveryModel.updateMany({ message: id }, { sendBefore: new Date(0) });
    startWorkers();
    const email = await untilStatus(who, id, 'failed');
    expect(email.recipients[0].error).toMatchObject({ code: 'expired' });
    await until(async () => (await typesOf(id)).length > 0);
    expect(await typesOf(id)).toEqual(['email.failed']);
    const again = await as(who, 'post', `/api/emails/${id}/retry`, undefined, 202);
    expect(again.email.status).toBe('pending');
    await untilStatus(who, id, 'sent');
    await as(who, 'post', `/api/emails/${id}/retry`, undefined, 409);
  });

  it('fails alone where SES refuses it, and waits where SES has stopped the account', async () => {
    const who = await sender();
    startWorkers();
    await ses().fail({ kind: 'reject', accessKeyId: who.accessKeyId, recipient: 'bad@', next: 1, message: 'No.' });
    const [bad, good] = [await send(who, { to: 'bad@example.com' }), await send(who)];
    await untilStatus(who, good, 'sent');
    const failed = await untilStatus(who, bad, 'failed');
    expect(failed.recipients[0].error.message).toBe('No.');
    const { events } = await until(async () => {
      const email = await emailOf(who, bad);
      return email.events.length > 0 ? email : undefined;
    });
    expect(events).toMatchObject([{ type: 'email.failed', data: { reason: 'No.' } }]);
    await ses().changeAccount(who.accessKeyId, { sendingEnabled: false });
    const calls = async () => {
      const points = await ses().series({ accessKeyId: who.accessKeyId });
      return points.reduce((sum, { offered }) => sum + offered, 0);
    };
    const before = await calls();
    const held = await send(who);
    await until(async () => (await calls()) > before);
    await untilStatus(who, held, 'pending');
    expect((await emailOf(who, held)).recipients[0]).toMatchObject({ attempts: 0, error: null });
  });

  it('is not forgotten with an emptied Redis', async () => {
    const who = await sender();
    const id = await send(who);
    await redis().flushdb();
    startWorkers();
    await untilStatus(who, id, 'sent');
    expect(await accepted(who)).toHaveLength(1);
  });

  it('goes before a campaign that takes all of the account’s rate', async () => {
    const who = await sender(14);
    startWorkers(2);
    await launched(who, people(1_000));
    await until(async () => (await accepted(who)).length > 14);
    const startedAt = performance.now();
    await untilStatus(who, await send(who), 'sent');
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

describe('a message that nobody knows of', () => {
  it('is sent again on demand after 15 minutes, and both attempts are paid for', async () => {
    const who = await sender();
    const id = await send(who);
    // As a worker leaves it that was killed in the middle of the call.
    const period = new Date().toISOString().slice(0, 7);
    const claim = { token: new Types.ObjectId(), period };
    const doubtful = { status: 'unconfirmed', unconfirmedAt: new Date(), attempts: 1, claim } as const;
    await DeliveryModel.updateMany({ message: id }, doubtful);
    const used = { 'subscription.emailsSentThisMonth': 1, 'quota.period': period, 'quota.isUnchecked': true };
    await BusinessModel.updateOne({ _id: who.businessId }, used);
    await as(who, 'post', `/api/emails/${id}/retry`, undefined, 409);
    await DeliveryModel.updateMany({ message: id }, { unconfirmedAt: new Date(0) });
    const { email } = await as(who, 'post', `/api/emails/${id}/retry`, undefined, 202);
    expect(email.status).toBe('pending');
    await sweep();
    expect(await usedOf(who)).toBe(1);
    startWorkers();
    await untilStatus(who, id, 'sent');
    expect(await usedOf(who)).toBe(2);
    await sweep();
    expect(await usedOf(who)).toBe(2);
  });
});

describe('a test key', () => {
  it('has the simulator’s outcomes, without SES, the month and the suppression list', async () => {
    const who = await sender();
    startWorkers();
    const key = await apiKey(who, ['send_transactional'], 'test');
    const to = ['ann@example.com', 'bounce+1@simulator.amazonses.com', 'complaint@simulator.amazonses.com'];
    const { body } = await api()
      .post('/api/emails')
      .set('X-API-Key', key)
      .send(order({ to, from: 'any@where.test' }));
    const { id } = body.email;
    const statuses = async () => {
      const { recipients } = await emailOf(who, id);
      return recipients.map(({ status }: { status: string }) => status);
    };
    await until(async () => (await statuses()).join() === 'delivered,bounced,complained');
    await until(async () => (await typesOf(id)).length === 7);
    expect((await typesOf(id)).sort()).toEqual([
      'email.bounced',
      'email.complained',
      'email.delivered',
      'email.delivered',
      'email.sent',
      'email.sent',
      'email.sent',
    ]);
    expect(await EventModel.countDocuments({ message: id, isTest: true })).toBe(7);
    expect(await accepted(who)).toHaveLength(0);
    expect(await usedOf(who)).toBe(0);
    expect(await SuppressionModel.countDocuments({ business: who.businessId })).toBe(0);
    expect((await as(who, 'get', '/api/business/stats')).stats?.sent ?? 0).toBe(0);
  });

  it('sends a campaign that it made, which reaches nobody, and none that a person made', async () => {
    const who = await sender();
    startWorkers();
    const key = await apiKey(who, ['manage_campaigns', 'send_emails', 'view_analytics'], 'test');
    const call = (path: string, body: object = {}) => api().post(path).set('X-API-Key', key).send(body);
    const made = await call('/api/campaigns', {
      name: 'Test',
      subject: 'Hello',
      fromEmail: 'any@where.test',
      content: { text: 'Hello' },
    });
    const { id } = made.body.campaign;
    await call(`/api/campaigns/${id}/recipients`, { recipients: people(30) });
    expect((await call(`/api/campaigns/${id}/send`)).status).toBe(202);
    await until(async () => (await EmailCampaignModel.findById(id).lean())?.status === 'sent');
    await until(async () => (await DeliveryModel.countDocuments({ campaign: id, status: 'delivered' })) === 30);
    expect(await accepted(who)).toHaveLength(0);
    expect(await usedOf(who)).toBe(0);
    const live = await as(who, 'post', `/api/campaigns/${id}/duplicate`, {}, 201);
    expect((await call(`/api/campaigns/${live.campaign.id}/send`)).status).toBe(403);
  });
});

describe('a sweeper that settles for a worker that died before it told', () => {
  it('tells what came of its claim, once', async () => {
    const who = await sender();
    const id = await send(who);
    const message = await MessageModel.findById(id).lean().orFail();
    const token = message._id;
    await DeliveryModel.updateMany(
      { message: id },
      { status: 'sent', sentAt: new Date(), messageId: 'm-1', attempts: 1, claim: { token, period: '2026-11' } },
    );
    const reservation = { id: token, period: '2026-11', n: 1, at: new Date(0) };
    const lost = () => BusinessModel.updateOne({ _id: who.businessId }, { 'quota.reservations': [reservation] });
    await lost();
    await sweep();
    expect(await typesOf(id)).toEqual(['email.sent']);
    await lost();
    await sweep();
    expect(await typesOf(id)).toEqual(['email.sent']);
  });

  it('tells the last attempt’s outcome, whatever an earlier one came to', async () => {
    const who = await sender();
    const ids = [await send(who), await send(who), await send(who)];
    const token = new Types.ObjectId();
    const [refused, unclear, taken] = ids;
    const ended = { sentAt: new Date(), attempts: 2, claim: { token, period: '2026-11' } };
    const error = { code: 'MessageRejected', message: 'No' };
    await DeliveryModel.updateMany({ message: refused }, { ...ended, status: 'failed', failedAt: new Date(), error });
    await DeliveryModel.updateMany({ message: unclear }, { ...ended, status: 'unconfirmed', error });
    await DeliveryModel.updateMany({ message: taken }, { ...ended, status: 'delivered', messageId: 'm-1' });
    const reservation = { id: token, period: '2026-11', n: 3, at: new Date(0) };
    await BusinessModel.updateOne({ _id: who.businessId }, { 'quota.reservations': [reservation] });
    await sweep();
    expect(await Promise.all(ids.map(typesOf))).toEqual([['email.failed'], [], ['email.sent']]);
  });
});
