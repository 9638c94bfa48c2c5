import mongoose, { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { DeliveryModel } from '../../src/models/delivery.js';
import { MessageModel } from '../../src/models/message.js';
import { MessageContentModel } from '../../src/models/message-content.js';
import { suppress } from '../../src/sending/suppression.js';
import { apiKey, register } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { as, type Sender, sender } from '../support/sending.js';
import { until } from '../support/until.js';

useHub();

const order = (fields: object = {}) => ({
  to: 'Ann <Ann@Example.com>',
  from: 'Whisky <orders@example.com>',
  subject: 'Your order',
  html: '<p>Thank you &amp; see you</p>',
  ...fields,
});

const post = (who: Sender, body: object, path = '') =>
  api().post(`/api/emails${path}`).auth(who.token, { type: 'bearer' }).send(body);

async function refused(who: Sender, body: object) {
  const { status, body: answer } = await post(who, body);
  expect(status).toBe(422);
  return answer;
}

describe('POST /api/emails', () => {
  it('answers 202 when the message is in MongoDB, with one delivery an address', async () => {
    const who = await sender();
    const { status, body } = await post(who, order({ cc: ['ben@example.com'], bcc: 'Cleo <cleo@example.com>' }));
    expect(status).toBe(202);
    expect(body.email).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      status: 'pending',
      stream: 'transactional',
      isTest: false,
      from: { email: 'orders@example.com', name: 'Whisky' },
      to: [{ email: 'ann@example.com', name: 'Ann' }],
      bcc: [{ email: 'cleo@example.com', name: 'Cleo' }],
      subject: 'Your order',
    });
    const recipients = body.email.recipients.map(({ email, status: one }: Record<string, string>) => [email, one]);
    expect(recipients).toEqual([
      ['ann@example.com', 'pending'],
      ['ben@example.com', 'pending'],
      ['cleo@example.com', 'pending'],
    ]);
    expect(await DeliveryModel.countDocuments({ message: body.email.id, status: 'pending' })).toBe(3);
    const content = await MessageContentModel.findById(body.email.id).lean();
    expect(content?.frozen).toMatchObject({ isFinal: true, text: expect.stringContaining('Thank you & see you') });
  });

  it('takes what it is given as it is, and as a template only with variables', async () => {
    const who = await sender();
    const braces = { subject: 'At {{ x }}', html: '<p>{{ x }} {% raw %}</p>', text: '{{ x }}' };
    const plain = await as(who, 'post', '/api/emails', order(braces), 202);
    const kept = await MessageContentModel.findById(plain.email.id).lean();
    expect(kept?.frozen).toMatchObject(braces);
    const body = order({ subject: 'At {{ x }}', html: '<p>{{ x }}</p>', variables: { x: '<b>' } });
    const filled = await as(who, 'post', '/api/emails', body, 202);
    const rendered = await MessageContentModel.findById(filled.email.id).lean();
    expect(rendered?.frozen).toMatchObject({ subject: 'At <b>', html: '<p>&lt;b&gt;</p>' });
  });

  it('renders a template of the business, and names the variable that it requires', async () => {
    const who = await sender();
    const { template } = await as(
      who,
      'post',
      '/api/templates',
      {
        name: 'Order',
        subject: 'Order {{ number }}',
        content: { text: 'Dear {{ name }}, order {{ number }}' },
        variables: [{ name: 'number', required: true }],
      },
      201,
    );
    const { html: _html, subject: _subject, ...rest } = order();
    const lacking = await refused(who, { ...rest, template: template.id });
    expect(lacking.errors).toEqual([{ path: 'variables.number', message: 'is required by the template' }]);
    const { email } = await as(
      who,
      'post',
      '/api/emails',
      { ...rest, template: template.id, variables: { number: 7 } },
      202,
    );
    expect(email).toMatchObject({ subject: 'Order 7', template: template.id });
    const content = await MessageContentModel.findById(email.id).lean();
    expect(content?.frozen.text).toBe('Dear Ann, order 7');
    await as(who, 'patch', `/api/templates/${template.id}`, { isActive: false });
    const inactive = await refused(who, { ...rest, template: template.id, variables: { number: 7 } });
    expect(inactive.errors).toEqual([{ path: 'template', message: 'is not active' }]);
  });

  it('sends from the business’s own sender where it names none, and from verified domains alone', async () => {
    const who = await sender();
    const { from: _from, ...anonymous } = order();
    expect((await refused(who, anonymous)).errors[0].path).toBe('from');
    await as(who, 'patch', '/api/business', {
      settings: { defaultFromEmail: 'hello@example.com', defaultFromName: 'Hi', replyToEmail: 'reply@example.com' },
    });
    const { email } = await as(who, 'post', '/api/emails', anonymous, 202);
    expect(email.from).toEqual({ email: 'hello@example.com', name: 'Hi' });
    expect(email.replyTo).toEqual({ email: 'reply@example.com', name: null });
    expect(await refused(who, order({ from: 'x@neighbour.com' }))).toMatchObject({ code: 'domain_not_verified' });
    const fresh = await register();
    const { status, body } = await api().post('/api/emails').auth(fresh.token, { type: 'bearer' }).send(order());
    expect([status, body.code]).toEqual([422, 'ses_not_configured']);
  });

  it('refuses addresses that bounced or complained, all at once, and lets those who unsubscribed have what they asked for', async () => {
    const who = await sender();
    const tenant = { businessId: new Types.ObjectId(who.businessId) };
    await suppress(tenant, 'bad@example.com', 'bounced', 'test');
    await suppress(tenant, 'cross@example.com', 'complained', 'test');
    await suppress(tenant, 'left@example.com', 'unsubscribed', 'test');
    const answer = await refused(who, order({ to: ['left@example.com', 'bad@example.com'], cc: 'cross@example.com' }));
    expect(answer).toMatchObject({
      code: 'suppressed',
      errors: [
        { path: 'to.1', message: 'bad@example.com is on the suppression list: bounced' },
        { path: 'cc.0', message: 'cross@example.com is on the suppression list: complained' },
      ],
    });
    expect(await MessageModel.countDocuments({ business: who.businessId })).toBe(0);
    await as(who, 'post', '/api/emails', order({ to: 'left@example.com' }), 202);
    expect(await refused(who, order({ to: 'left@example.com', stream: 'broadcast' }))).toMatchObject({
      code: 'suppressed',
    });
  });

  it('says 429 with the time of the next month when the month is used up', async () => {
    const who = await sender();
    await BusinessModel.updateOne({ _id: who.businessId }, { 'subscription.emailsPerMonth': 1 });
    const { status, body, headers } = await post(who, order({ cc: 'ben@example.com' }));
    expect([status, body.code]).toEqual([429, 'quota_exceeded']);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(headers['retry-after'])).toBeLessThanOrEqual(31 * 86_400 + 3_600);
    await as(who, 'post', '/api/emails', order(), 202);
  });

  it('takes what is scheduled for the next month, which pays for it', async () => {
    const who = await sender();
    await BusinessModel.updateOne({ _id: who.businessId }, { 'subscription.emailsPerMonth': 0 });
    const { headers } = await post(who, order());
    const nextMonth = Date.now() + Number(headers['retry-after']) * 1_000;
    const day = 86_400_000;
    const at = (time: number) => order({ scheduledFor: new Date(time).toISOString() });
    const isSoon = nextMonth - Date.now() < 29 * day;
    expect((await post(who, at(isSoon ? nextMonth + day / 2 : Date.now() + day))).status).toBe(isSoon ? 202 : 429);
    expect((await post(who, at((Date.now() + nextMonth) / 2))).status).toBe(429);
  });

  it('puts the way out and the postal address at the end of a broadcast, also of one that is given as it is', async () => {
    const who = await sender();
    await as(who, 'patch', '/api/business', { settings: { postalAddress: 'Whisky Ltd\n1 Still Lane' } });
    const { email } = await as(
      who,
      'post',
      '/api/emails',
      order({ html: '<p>{{ hi }}</p>', stream: 'broadcast' }),
      202,
    );
    const { frozen } = await MessageContentModel.findById(email.id).lean().orFail();
    expect(frozen.html).toContain('<p>{{ hi }}</p>');
    expect(frozen.html).toContain('1 Still Lane');
    expect(frozen.html).toContain('unsubscribe.pmh.invalid');
    expect(frozen.text).toContain('Unsubscribe: https://unsubscribe.pmh.invalid/');
  });

  it.each([
    [{ to: [] }, 'to', 'must not be empty'],
    [{ to: ['ann@example.com', 'ANN@example.com'] }, 'to.1', 'is there twice'],
    [{ to: Array.from({ length: 51 }, (_, n) => `p${n}@example.com`) }, 'to', '50'],
    [{ html: undefined }, 'html', 'required'],
    [{ template: '665f1c2ab7d04e0012a4c9d1' }, 'template', 'either'],
    [{ html: undefined, template: '665f1c2ab7d04e0012a4c9d1' }, 'template', 'no such template'],
    [{ subject: undefined }, 'subject', 'required'],
    [{ subject: 'a\nBcc: x@y.z' }, 'subject', 'line breaks'],
    [{ html: '{{ x', variables: {} }, 'html', 'line 1'],
    [{ headers: { Sender: 'x@y.z' } }, 'headers.Sender', 'may not be set'],
    [{ headers: { 'X-SES-Configuration-Set': 'x' } }, 'headers.X-SES-Configuration-Set', 'may not be set'],
    [{ headers: { 'List-Unsubscribe': '<x>' } }, 'headers.List-Unsubscribe', 'may not be set'],
    [{ headers: { 'X-A': 'a\r\nBcc: x@y.z' } }, 'headers.X-A', 'line breaks'],
    [{ headers: { 'X-A': '1', 'x-a': '2' } }, 'headers.x-a', 'twice'],
    [{ headers: { References: '<a@b.c> <ü@b.c>' } }, 'headers.References', 'ASCII'],
    [{ stream: 'broadcast', variables: {}, html: '<p>{{ unsubscribe_url | truncate: 9 }}</p>' }, 'html', 'as it is'],
    [{ attachments: [{ filename: 'a.txt', content: '***' }] }, 'attachments.0.content', 'base64'],
    [{ attachments: [{ filename: '../a', content: 'AAAA' }] }, 'attachments.0.filename', 'path'],
    [
      { attachments: [{ filename: 'a', content: 'AAAA', contentType: 'message/rfc822' }] },
      'attachments.0.contentType',
      '',
    ],
    [{ tags: { 'a b': 'x' } }, 'tags.a b', 'letters'],
    [{ scheduledFor: '2001-01-01T00:00:00Z' }, 'scheduledFor', 'future'],
    [{ expiresAt: '2001-01-01T00:00:00Z' }, 'expiresAt', 'future'],
    [{ scheduledFor: '2026-12-01T00:00:00' }, 'scheduledFor', 'offset'],
    [{ stream: 'spam' }, 'stream', ''],
    [{ colour: 'red' }, 'colour', 'not a known field'],
  ])('refuses %j and says where', async (fields, path, message) => {
    const who = await sender();
    const { code, errors } = await refused(who, order(fields));
    expect(code).toBe('validation_failed');
    expect(errors).toContainEqual({ path, message: expect.stringContaining(message) });
    expect(await DeliveryModel.countDocuments({ business: who.businessId })).toBe(0);
  });

  it('takes attachments of 7 MB in all, and refuses more', { timeout: 60_000 }, async () => {
    const who = await sender();
    const file = (size: number) => ({ filename: 'a.bin', content: Buffer.alloc(size, 7).toString('base64') });
    const body = { html: 'h'.repeat(500_000), text: 't'.repeat(500_000), attachments: [file(7 * 1_048_576)] };
    const { email } = await as(who, 'post', '/api/emails', order(body), 202);
    // What a batch in memory is measured by.
    const [delivery] = await DeliveryModel.find({ message: email.id }).lean();
    expect(delivery?.size).toBe(7 * 1_048_576 + 1_000_000);
    const shown = await as(who, 'get', `/api/emails/${email.id}`);
    expect(shown.email.content.attachments).toEqual([
      { filename: 'a.bin', contentType: 'application/octet-stream', size: 7 * 1_048_576 },
    ]);
    const two = [file(4 * 1_048_576), file(3 * 1_048_576 + 1)];
    expect((await refused(who, order({ attachments: two }))).errors).toEqual([
      { path: 'attachments', message: 'must be at most 7 MB in all' },
    ]);
  });

  it('says so again to who asks again with his Idempotency-Key, also when its time has come', async () => {
    const who = await sender();
    const time = Date.now() + 1_500;
    const at = new Date(time).toISOString();
    const ask = () =>
      post(who, order({ scheduledFor: at, expiresAt: new Date(time + 1).toISOString() })).set('Idempotency-Key', 'k');
    const first = await ask();
    expect(first.status).toBe(202);
    await until(async () => Date.now() > time + 1);
    const again = await ask();
    expect([again.status, again.body]).toEqual([202, first.body]);
    expect(await DeliveryModel.countDocuments({ business: who.businessId })).toBe(1);
  });

  it('is open to a key that may only send single messages, which reaches nothing else', async () => {
    const who = await sender();
    const key = await apiKey(who, ['send_transactional']);
    const call = await api().post('/api/emails').set('X-API-Key', key).send(order());
    expect(call.status).toBe(202);
    const other = await api().get('/api/campaigns').set('X-API-Key', key);
    expect(other.status).toBe(403);
  });
});

describe('POST /api/emails/batch', () => {
  it('has an answer for each, and sends those that it can', async () => {
    const who = await sender();
    const items = [
      order(),
      order({ to: 'nobody' }),
      order({ from: 'x@neighbour.com' }),
      order({ to: 'c@example.com' }),
    ];
    const { emails } = await as(who, 'post', '/api/emails/batch', { emails: items }, 202);
    expect(emails.map(({ error }: { error: { code: string } | null }) => error?.code ?? null)).toEqual([
      null,
      'validation_failed',
      'domain_not_verified',
      null,
    ]);
    expect(emails[1]).toMatchObject({ email: null, error: { errors: [{ path: 'to.0' }] } });
    expect(emails[3].email.recipients).toMatchObject([{ email: 'c@example.com' }]);
    expect(await MessageModel.countDocuments({ business: who.businessId })).toBe(2);
  });

  it('refuses more than a hundred, and a batch of nothing but mistakes', async () => {
    const who = await sender();
    expect((await post(who, { emails: Array(101).fill(order()) }, '/batch')).status).toBe(422);
    const { status, body } = await post(who, { emails: [{}, order({ to: 5 })] }, '/batch');
    expect(status).toBe(422);
    expect(body.errors).toContainEqual({ path: 'emails.0.to', message: 'is required' });
    expect(body.errors).toContainEqual({ path: 'emails.1.to', message: expect.stringContaining('array') });
  });

  it('makes each message once, however often it comes with one Idempotency-Key', async () => {
    const who = await sender();
    const body = { emails: Array.from({ length: 20 }, (_, n) => order({ to: `p${n}@example.com` })) };
    const call = () => post(who, body, '/batch').set('Idempotency-Key', 'one');
    const first = await call();
    const second = await call();
    expect(second.body).toEqual(first.body);
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(await MessageModel.countDocuments({ business: who.businessId })).toBe(20);
  });
});

describe('GET /api/emails', () => {
  it('lists by address, tag and stream, newest first, page by page', async () => {
    const who = await sender();
    for (const n of [1, 2, 3]) {
      await as(who, 'post', '/api/emails', order({ cc: `c${n}@example.com`, tags: { order: `n:${n}` } }), 202);
    }
    await as(who, 'post', '/api/emails', order({ to: 'b@example.com', stream: 'broadcast' }), 202);
    const subjects = async (query: string) => {
      const { emails, pagination } = await as(who, 'get', `/api/emails?${query}`);
      return [emails.map(({ tags, stream }: { tags: object; stream: string }) => ({ ...tags, stream })), pagination];
    };
    const [first, { nextCursor }] = await subjects('email=Ann@example.com&limit=2');
    expect(first).toHaveLength(2);
    const [second, { hasMore }] = await subjects(`email=Ann@example.com&limit=2&cursor=${nextCursor}`);
    expect(hasMore).toBe(false);
    expect([...first, ...second].map(({ order: one }) => one).sort()).toEqual(['n:1', 'n:2', 'n:3']);
    expect((await subjects('tag=order:n:2'))[0]).toEqual([{ order: 'n:2', stream: 'transactional' }]);
    expect((await subjects('stream=broadcast'))[0]).toEqual([{ stream: 'broadcast' }]);
    expect((await subjects('email=c3@example.com'))[0]).toEqual([{ order: 'n:3', stream: 'transactional' }]);
  });

  it('finds what is asked for also behind more messages to the address than a page has', async () => {
    const who = await sender();
    const tags = { order: 'old' };
    const { email } = await as(who, 'post', '/api/emails', order({ stream: 'broadcast', tags }), 202);
    for (let n = 0; n < 3; n += 1) await as(who, 'post', '/api/emails', order(), 202);
    for (const query of ['stream=broadcast', 'tag=order:old']) {
      const { emails, pagination } = await as(who, 'get', `/api/emails?email=ann@example.com&limit=1&${query}`);
      expect(emails.map(({ id }: { id: string }) => id)).toEqual([email.id]);
      expect(pagination.hasMore).toBe(false);
    }
  });

  it('reads no more messages than it shows, also of one tag or of test keys', async () => {
    const who = await sender();
    const business = new Types.ObjectId(who.businessId);
    await as(who, 'post', '/api/emails', order({ tags: { order: 'n1' } }), 202);
    const { _id, ...one } = (await MessageModel.collection.findOne({ business })) ?? {};
    expect(_id).toBeDefined();
    const other = () => ({ ...one, tags: [{ name: 'order', value: 'n2' }] });
    await MessageModel.collection.insertMany(Array.from({ length: 500 }, other));
    await MessageModel.collection.insertOne({ ...other(), isTest: true });
    const key = await apiKey(who, ['send_transactional'], 'test');
    const asked: object[] = [];
    mongoose.set('debug', (collection: string, method: string, filter: object) => {
      if (collection === 'messages' && method === 'find') asked.push(filter);
    });
    await as(who, 'get', '/api/emails?tag=order:n1');
    await api().get('/api/emails').set('X-API-Key', key);
    mongoose.set('debug', false);
    expect(asked).toHaveLength(2);
    for (const filter of asked) {
      const { executionStats } = await MessageModel.collection.find(filter).sort({ _id: -1 }).limit(51).explain();
      expect(executionStats).toMatchObject({ nReturned: 1, totalDocsExamined: 1 });
    }
  });

  it('shows what is in a message, and nothing of another business’s', async () => {
    const who = await sender();
    const { email } = await as(who, 'post', '/api/emails', order({ headers: { 'X-Order': '7' } }), 202);
    const shown = await as(who, 'get', `/api/emails/${email.id}`);
    expect(shown.email).toMatchObject({
      id: email.id,
      content: { html: '<p>Thank you &amp; see you</p>', headers: { 'X-Order': '7' }, attachments: [] },
      events: [],
    });
    await MessageContentModel.deleteOne({ _id: email.id });
    expect((await as(who, 'get', `/api/emails/${email.id}`)).email.content).toBeNull();
    const other = await sender();
    for (const call of [
      api().get(`/api/emails/${email.id}`),
      api().post(`/api/emails/${email.id}/cancel`),
      api().post(`/api/emails/${email.id}/retry`),
    ]) {
      const { status } = await call.auth(other.token, { type: 'bearer' });
      expect(status).toBe(404);
    }
  });

  it('shows a test key the mail of test keys alone', async () => {
    const who = await sender();
    const live = await as(who, 'post', '/api/emails', order(), 202);
    const key = await apiKey(who, ['send_transactional'], 'test');
    const made = await api()
      .post('/api/emails')
      .set('X-API-Key', key)
      .send(order({ from: 'any@where.com' }));
    expect(made.body.email).toMatchObject({ isTest: true, status: 'pending' });
    const { body } = await api().get('/api/emails').set('X-API-Key', key);
    expect(body.emails.map(({ id }: { id: string }) => id)).toEqual([made.body.email.id]);
    const hidden = await api().post(`/api/emails/${live.email.id}/cancel`).set('X-API-Key', key);
    expect(hidden.status).toBe(404);
  });
});
