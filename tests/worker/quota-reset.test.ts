import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { EmailCampaignModel } from '../../src/models/email-campaign.js';
import { type Reservation, reserve, settle, settleStale } from '../../src/sending/limits/quota.js';
import { resetMonth } from '../../src/sending/limits/reset.js';
import { reconcile } from '../../src/sending/upkeep/reconcile.js';
import { once, register, superAdmin } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { accepted, launched, people, type Sender, sender, untilCampaign, useWorkers } from '../support/sending.js';
import { until } from '../support/until.js';

useHub();
const startWorkers = useWorkers();
const administrator = once(superAdmin);

const read = (id: Types.ObjectId | string) => BusinessModel.findById(id).lean().orFail();
const used = async (id: Types.ObjectId | string) => (await read(id)).subscription.emailsSentThisMonth;
const forgiven = async (id: Types.ObjectId | string) => (await read(id)).quota.forgiven?.n;

async function business(emailsPerMonth: number): Promise<Types.ObjectId> {
  const { businessId } = await register();
  await BusinessModel.updateOne({ _id: businessId }, { 'subscription.emailsPerMonth': emailsPerMonth });
  return new Types.ObjectId(businessId);
}

async function taken(id: Types.ObjectId, wanted: number): Promise<Reservation> {
  const reservation = await reserve(id, wanted, 'bulk');
  if ('exhausted' in reservation) throw new Error(reservation.exhausted);
  return reservation;
}

async function reset(id: Types.ObjectId | string, status = 200) {
  const call = api().post(`/api/admin/businesses/${id}/reset-quota`);
  return (await call.auth(await administrator(), { type: 'bearer' }).expect(status)).body;
}

async function set(who: Sender, subscription: object) {
  const call = api().patch(`/api/admin/businesses/${who.businessId}`);
  await call
    .auth(await administrator(), { type: 'bearer' })
    .send({ subscription })
    .expect(200);
}

describe('a reset of the month', () => {
  it('leaves what is reserved, and takes back of it what is not used', async () => {
    const id = await business(100);
    await settle(id, (await taken(id, 60)).id, 60);
    const open = await taken(id, 30);
    const { business: shown } = await reset(id);
    expect(shown.usage).toMatchObject({ limit: 100, used: 0, reserved: 30, remaining: 70 });
    expect([await used(id), await forgiven(id)]).toEqual([30, 60]);
    await settle(id, open.id, 10);
    expect([await used(id), await forgiven(id)]).toEqual([10, 60]);
    await reset(id);
    expect([await used(id), await forgiven(id)]).toEqual([0, 70]);
    await reset(id);
    expect([await used(id), await forgiven(id)]).toEqual([0, 70]);
    expect((await taken(id, 200)).n).toBe(100);
  });

  it('is not made negative by a worker that was taken for dead and knows better', async () => {
    const id = await business(100);
    const lost = await taken(id, 40);
    await BusinessModel.updateOne({ _id: id }, { 'quota.reservations.0.at': new Date(0) });
    expect(await settleStale(new Date(Date.now() - 60_000))).toBe(1);
    // The ledger knows of none; the worker has sent 25 of them.
    expect(await used(id)).toBe(0);
    await settle(id, lost.id, 25);
    expect(await used(id)).toBe(25);

    const second = await taken(id, 40);
    await BusinessModel.updateOne(
      { _id: id },
      {
        'quota.reservations': [],
        'quota.settled': [{ id: second.id, period: second.period, n: 40, at: new Date() }],
      },
    );
    expect(await used(id)).toBe(65);
    await reset(id);
    // Nine of the forty went out: the month that was forgiven is smaller, and the present one what it was.
    await settle(id, second.id, 9);
    expect([await used(id), await forgiven(id)]).toEqual([0, 34]);
  });

  it('adds up with any number of reservations at the same moment', async () => {
    const id = await business(1_000_000);
    let spent = 0;
    const work = async (n: number) => {
      for (let round = 0; round < 6; round += 1) {
        const reservation = await taken(id, 10 + n);
        const part = (n * 7 + round * 3) % (reservation.n + 1);
        await settle(id, reservation.id, part);
        spent += part;
      }
    };
    const resets = async () => {
      for (let round = 0; round < 8; round += 1) {
        await resetMonth(id);
        const { quota, subscription } = await read(id);
        const reserved = quota.reservations.reduce((sum, one) => sum + one.n, 0);
        expect(subscription.emailsSentThisMonth).toBeGreaterThanOrEqual(reserved);
      }
    };
    await Promise.all([...Array.from({ length: 8 }, (_, n) => work(n)), resets()]);
    expect((await used(id)) + ((await forgiven(id)) ?? 0)).toBe(spent);
    await resetMonth(id);
    expect([await used(id), await forgiven(id)]).toEqual([0, spent]);
  });

  it('never lets more out than the limit since then', async () => {
    const id = await business(50);
    await settle(id, (await taken(id, 50)).id, 50);
    const answers = await Promise.all([resetMonth(id), ...Array.from({ length: 20 }, () => reserve(id, 10, 'bulk'))]);
    await resetMonth(id);
    const more = await Promise.all(Array.from({ length: 20 }, () => reserve(id, 10, 'bulk')));
    const given = [...answers, ...more].flatMap((answer) => (answer && 'n' in answer ? [answer.n] : []));
    expect(given.reduce((sum, n) => sum + n, 0)).toBe(50);
  });

  it('does nothing to a month that has not begun, and is of its own month alone', async () => {
    const id = await business(100);
    await reset(id);
    expect((await read(id)).quota.forgiven).toBeUndefined();
    await settle(id, (await taken(id, 60)).id, 60);
    await reset(id);
    await BusinessModel.updateOne({ _id: id }, { 'quota.period': '2001-01', 'quota.forgiven.period': '2001-01' });
    await settle(id, (await taken(id, 5)).id, 5);
    await reset(id);
    expect((await read(id)).quota.forgiven).toMatchObject({ n: 5 });
  });

  it('has the business told of the month’s end once more', async () => {
    const id = await business(10);
    await settle(id, (await taken(id, 10)).id, 10);
    expect((await read(id)).quota.exceeded).toBeDefined();
    await reset(id);
    expect((await read(id)).quota).not.toHaveProperty('exceeded');
    await settle(id, (await taken(id, 10)).id, 10);
    expect((await read(id)).outbox?.filter(({ type }) => type === 'quota.exceeded')).toHaveLength(2);
  });

  it('lets a campaign go on that the limit paused, to everybody once, and is not undone by the reconciliation', async () => {
    const who = await sender();
    await set(who, { emailsPerMonth: 20 });
    const id = await launched(who, people(35));
    startWorkers();
    await untilCampaign(who, id, 'paused');
    expect(await accepted(who)).toHaveLength(20);
    await until(async () => (await read(who.businessId)).quota.reservations.length === 0);

    const { business: shown } = await reset(who.businessId);
    expect(shown.usage).toMatchObject({ used: 0, remaining: 20 });
    await untilCampaign(who, id, 'sent');
    const rows = await accepted(who);
    expect(new Set(rows.map((row) => row.recipient)).size).toBe(35);
    expect(rows).toHaveLength(35);
    await until(async () => (await read(who.businessId)).quota.reservations.length === 0);
    await EmailCampaignModel.updateOne({ _id: id }, { completedAt: new Date(Date.now() - 60_000) });
    await until(async () => {
      expect(await reconcile()).toBe(0);
      return (await read(who.businessId)).quota.isUnchecked === undefined;
    });
    expect([await used(who.businessId), await forgiven(who.businessId)]).toEqual([15, 20]);

    // What differs is still found, and mended against what is left of the ledger.
    await BusinessModel.updateOne(
      { _id: who.businessId },
      { $inc: { 'subscription.emailsSentThisMonth': 4 }, $set: { 'quota.isUnchecked': true } },
    );
    expect(await reconcile()).toBe(1);
    expect(await used(who.businessId)).toBe(15);
  }, 60_000);

  it('lets a campaign go on at once when the limit is raised', async () => {
    const who = await sender();
    await set(who, { emailsPerMonth: 5 });
    const id = await launched(who, people(8));
    startWorkers();
    await untilCampaign(who, id, 'paused');
    await set(who, { emailsPerMonth: 8 });
    expect((await EmailCampaignModel.findById(id).lean())?.status).toBe('sending');
    await untilCampaign(who, id, 'sent');
    expect(await accepted(who)).toHaveLength(8);
  });

  it('is for administrators of the hub alone, of a business that is there', async () => {
    const who = await register();
    const path = `/api/admin/businesses/${who.businessId}/reset-quota`;
    await api().post(path).auth(who.token, { type: 'bearer' }).expect(403);
    await api().post(path).expect(401);
    await reset(new Types.ObjectId(), 404);
    await reset('abc', 422);
  });
});
