import mongoose, { Types } from 'mongoose';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { DeliveryModel } from '../../src/models/delivery.js';
import { EventModel } from '../../src/models/event.js';
import { SuppressionModel } from '../../src/models/suppression.js';
import { blockedForBulk, suppress, suppressAll } from '../../src/sending/suppression.js';
import { signUnsubscribe } from '../../src/tracking/tokens.js';
import { type Registered, register, unique } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';

useHub();
afterEach(() => {
  vi.restoreAllMocks();
});

async function mailed(who: Registered) {
  const [business, now] = [new Types.ObjectId(who.businessId), new Date()];
  const email = `${unique('p')}@example.com`;
  const delivery = await DeliveryModel.create({
    business,
    email,
    status: 'sent',
    bucket: 0,
    dueAt: now,
    createdAt: now,
  });
  const token = signUnsubscribe({ businessId: business, deliveryId: delivery._id, email });
  return { tenant: { businessId: business }, email, deliveryId: delivery._id, path: `/u/${token}` };
}

const rowOf = (tenant: { businessId: Types.ObjectId }, email: string) =>
  SuppressionModel.findOne({ business: tenant.businessId, email }).lean();

describe('GET /u/:token', () => {
  it('shows a page in the business’s name and changes nothing, nor does HEAD', async () => {
    const who = await register({ businessName: 'Whisky & <Söhne>' });
    const { tenant, email, deliveryId, path } = await mailed(who);
    const page = await api()
      .get(path)
      .expect(200)
      .expect('Content-Type', /^text\/html/);
    expect(page.text).toContain('Whisky &amp; &lt;Söhne&gt;');
    expect(page.text).toContain(email);
    expect(page.text).not.toContain('<script');
    await api().head(path).expect(200);
    expect(await rowOf(tenant, email)).toBeNull();
    expect((await DeliveryModel.findById(deliveryId).lean())?.unsubscribedAt).toBeUndefined();
  });

  it('is neither framed, indexed, kept nor named to others', async () => {
    const { path } = await mailed(await register());
    const { headers } = await api().get(path);
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
    );
    expect(headers).toMatchObject({
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'x-robots-tag': 'noindex, nofollow',
      'cache-control': 'no-store',
    });
    expect(headers['set-cookie']).toBeUndefined();
  });

  it.each(['get', 'post'] as const)('answers %s of a bad link with a page and 404', async (method) => {
    const { path } = await mailed(await register());
    for (const bad of [`${path}x`, path.slice(0, -1), '/u/nope']) {
      await api()
        [method](bad)
        .expect(404)
        .expect('Content-Type', /^text\/html/);
    }
  });
});

describe('POST /u/:token', () => {
  it.each([
    ['one click, urlencoded', 'application/x-www-form-urlencoded', 'List-Unsubscribe=One-Click'],
    [
      'one click, multipart',
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n',
    ],
    ['an empty body', 'application/x-www-form-urlencoded', ''],
    ['a body of nonsense', 'application/json', '{'],
    ['a body that is too large', 'application/x-www-form-urlencoded', `a=${'x'.repeat(10_000)}`],
    ['an unknown charset', 'application/x-www-form-urlencoded; charset=x', 'a=b'],
  ])('unsubscribes by %s', async (_name, type, body) => {
    const { tenant, email, deliveryId, path } = await mailed(await register());
    const answer = await api().post(path).set('Content-Type', type).send(body).expect(200);
    expect(answer.text).toContain('You are unsubscribed');
    expect((await rowOf(tenant, email))?.reasons).toMatchObject([
      { reason: 'unsubscribed', source: `link:${deliveryId}` },
    ]);
    expect(await blockedForBulk(tenant, [email, 'b@example.com'])).toEqual(new Map([[email, 'unsubscribed']]));
  });

  it('does so once, however often and at the same time it is asked', async () => {
    const { tenant, email, deliveryId, path } = await mailed(await register());
    await Promise.all(Array.from({ length: 10 }, () => api().post(path).expect(200)));
    const { unsubscribedAt } = (await DeliveryModel.findById(deliveryId).lean()) ?? {};
    await api().post(path).expect(200);
    expect((await rowOf(tenant, email))?.reasons).toHaveLength(1);
    expect(unsubscribedAt).toBeInstanceOf(Date);
    expect((await DeliveryModel.findById(deliveryId).lean())?.unsubscribedAt).toEqual(unsubscribedAt);
  });

  it('works on when the delivery is gone and the business is suspended', async () => {
    const who = await register();
    const { tenant, email, deliveryId, path } = await mailed(who);
    await DeliveryModel.deleteOne({ _id: deliveryId });
    await BusinessModel.updateOne({ _id: tenant.businessId }, { $set: { status: 'suspended' } });
    await api().post(path).expect(200);
    expect(await rowOf(tenant, email)).not.toBeNull();
  });

  it('tells the log of each that is news', async () => {
    const { tenant, email, deliveryId, path } = await mailed(await register());
    const logged = () => EventModel.find({ delivery: deliveryId }).sort({ at: 1 }).lean();
    for (let n = 0; n < 3; n += 1) await api().post(path).expect(200);
    expect(await logged()).toMatchObject([
      { type: 'email.unsubscribed', business: tenant.businessId, email, at: expect.any(Date) },
    ]);
    await api().post(path).type('form').send({ action: 'resubscribe' }).expect(200);
    expect(await logged()).toHaveLength(1);
    await api().post(path).expect(200);
    expect(await logged()).toHaveLength(2);
  });

  it('tells the log also when the first try ended in the middle', async () => {
    const { tenant, email, deliveryId, path } = await mailed(await register());
    await suppress(tenant, email, 'unsubscribed', `link:${deliveryId}`);
    for (let n = 0; n < 2; n += 1) await api().post(path).expect(200);
    expect(await EventModel.find({ delivery: deliveryId }).lean()).toMatchObject([
      { type: 'email.unsubscribed', email },
    ]);
  });

  it('answers without a redirect, a cookie or a login', async () => {
    const { path } = await mailed(await register());
    const { headers, redirects } = await api().post(path).type('form').send('List-Unsubscribe=One-Click').expect(200);
    expect(redirects).toEqual([]);
    expect(headers.location).toBeUndefined();
    expect(headers['set-cookie']).toBeUndefined();
  });

  it('is heard by one business only', async () => {
    const { email, path } = await mailed(await register());
    const other = { businessId: new Types.ObjectId((await register()).businessId) };
    await api().post(path).expect(200);
    expect(await blockedForBulk(other, [email])).toEqual(new Map());
  });

  it('takes it back on the page, and no other reason', async () => {
    const { tenant, email, path } = await mailed(await register());
    await suppress(tenant, email, 'bounced', 'ses');
    await api().post(path).expect(200);
    expect(await blockedForBulk(tenant, [email])).toEqual(new Map([[email, 'bounced']]));
    const page = await api().post(path).type('form').send({ action: 'resubscribe' }).expect(200);
    expect(page.text).toContain('You are subscribed again');
    expect((await rowOf(tenant, email))?.reasons.map(({ reason }) => reason)).toEqual(['bounced']);
  });

  it('leaves nothing of an address that is subscribed again', async () => {
    const { tenant, email, path } = await mailed(await register());
    await api().post(path).expect(200);
    await api().post(path).type('form').send({ action: 'resubscribe' }).expect(200);
    expect(await rowOf(tenant, email)).toBeNull();
    await api().post(path).expect(200);
    expect(await blockedForBulk(tenant, [email])).toEqual(new Map([[email, 'unsubscribed']]));
  });
});

describe('suppress', () => {
  it('keeps each reason once, whoever writes at the same time', async () => {
    const tenant = { businessId: new Types.ObjectId() };
    const email = `${unique('p')}@example.com`;
    const reasons = ['unsubscribed', 'bounced', 'complained', 'manual'] as const;
    const results = await Promise.all(
      [...reasons, ...reasons, ...reasons].map((reason) => suppress(tenant, email, reason, 'test')),
    );
    expect(results.filter(Boolean)).toHaveLength(4);
    expect((await rowOf(tenant, email))?.reasons.map(({ reason }) => reason).sort()).toEqual([...reasons].sort());
    expect(await blockedForBulk(tenant, [email])).toEqual(new Map([[email, 'complained']]));
  });

  it('stays, though the row it met is gone a moment later', async () => {
    const tenant = { businessId: new Types.ObjectId() };
    const [one, other] = [`${unique('p')}@example.com`, `${unique('p')}@example.com`];
    const met = new mongoose.mongo.MongoServerError({ code: 11_000 });
    vi.spyOn(SuppressionModel, 'updateOne').mockRejectedValueOnce(met);
    vi.spyOn(SuppressionModel, 'bulkWrite').mockRejectedValueOnce(met);
    expect(await suppress(tenant, one, 'manual', 'test')).toBe(true);
    expect(await suppressAll(tenant, [other], 'manual', 'test')).toEqual([]);
    expect((await blockedForBulk(tenant, [one, other])).size).toBe(2);
  });
});
