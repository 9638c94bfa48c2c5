import mongoose, { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { EventModel } from '../../src/models/event.js';
import type { Cap } from '../../src/sending/limits/caps.js';
import { monthLeft } from '../../src/sending/limits/month.js';
import { dayOf, endOfDay, monthOf } from '../../src/sending/limits/periods.js';
import { type Reservation, reserve, settle } from '../../src/sending/limits/quota.js';
import { relay } from '../../src/sending/upkeep/outbox.js';
import { register } from '../support/factories.js';
import { useHub } from '../support/hub.js';

useHub();

/** A business with this limit, and some months used. */
async function business(emailsPerMonth: number, fields: object = {}): Promise<Types.ObjectId> {
  const { businessId } = await register();
  await BusinessModel.updateOne(
    { _id: businessId },
    { $set: { 'subscription.emailsPerMonth': emailsPerMonth, ...fields } },
  );
  return new Types.ObjectId(businessId);
}

const taken = async (id: Types.ObjectId, wanted: number, caps: Cap[] = []): Promise<Reservation> => {
  const reservation = await reserve(id, wanted, 'bulk', caps);
  if ('exhausted' in reservation) throw new Error(reservation.exhausted);
  return reservation;
};
const read = async (id: Types.ObjectId) => BusinessModel.findById(id).lean().orFail();
const used = async (id: Types.ObjectId) => (await read(id)).subscription.emailsSentThisMonth;
const eventsOf = async (id: Types.ObjectId) => {
  await relay();
  const events = await EventModel.find({ business: id }).sort({ _id: 1 }).lean();
  return events.map(({ type, data }) => {
    const { used, limit } = data as { used: number; limit: number };
    return [type, used, limit];
  });
};

describe('the month', () => {
  it('is given to any number of askers once', async () => {
    const id = await business(500);
    const answers = await Promise.all(Array.from({ length: 40 }, () => reserve(id, 64, 'bulk')));
    const given = answers.flatMap((answer) => ('n' in answer ? [answer.n] : []));
    expect(given.reduce((sum, n) => sum + n, 0)).toBe(500);
    expect(await reserve(id, 1, 'bulk')).toEqual({ exhausted: 'reserved' });
  });

  it('takes back what was not used, once, and says when it is used up', async () => {
    const id = await business(100);
    const reservation = await taken(id, 100);
    await settle(id, reservation.id, 60);
    await settle(id, reservation.id, 0);
    expect(await used(id)).toBe(60);
    const rest = await taken(id, 64);
    expect(rest.n).toBe(40);
    await settle(id, rest.id, 40);
    expect(await reserve(id, 1, 'bulk')).toEqual({ exhausted: 'month' });
  });

  it('gives what an old month reserved and did not use back to that month, not to this one', async () => {
    const id = await business(100);
    const reservation = await taken(id, 50);
    await BusinessModel.updateOne({ _id: id }, { 'quota.period': '2001-01', 'quota.reservations.0.period': '2001-01' });
    const present = await taken(id, 30);
    expect(await used(id)).toBe(30);
    await settle(id, reservation.id, 0);
    expect(await used(id)).toBe(30);
    await settle(id, present.id, 30);
    expect(await used(id)).toBe(30);
  });

  it('begins anew once, whoever asks first', async () => {
    const id = await business(100, { 'quota.period': '2001-01', 'subscription.emailsSentThisMonth': 100 });
    await Promise.all(Array.from({ length: 20 }, () => reserve(id, 2, 'bulk')));
    expect(await used(id)).toBe(40);
  });

  it('leaves a twentieth to transactional mail, where a business sends any', async () => {
    const id = await business(200);
    const mail = await reserve(id, 1, 'transactional');
    await settle(id, (mail as Reservation).id, 1);
    expect((await taken(id, 300)).n).toBe(189);
    expect(await monthLeft(id)).toEqual({ limit: 200, used: 190, left: 0 });
    expect(await reserve(id, 1, 'bulk')).toEqual({ exhausted: 'reserved' });
    expect(await reserve(id, 20, 'transactional')).toMatchObject({ n: 10 });
    const other = await business(200);
    expect((await taken(other, 300)).n).toBe(200);
  });

  it('tells the business once when 80 % are used, and when all is: by what was sent, not by what is reserved', async () => {
    const id = await business(100);
    const first = await taken(id, 90);
    expect(await eventsOf(id)).toEqual([]);
    await settle(id, first.id, 79);
    expect(await eventsOf(id)).toEqual([]);
    await settle(id, (await taken(id, 1)).id, 1);
    expect(await eventsOf(id)).toEqual([['quota.warning', 80, 100]]);
    await settle(id, (await taken(id, 20)).id, 20);
    await settle(id, first.id, 20);
    expect(await eventsOf(id)).toEqual([
      ['quota.warning', 80, 100],
      ['quota.exceeded', 100, 100],
    ]);
    // Of a raised limit again.
    await BusinessModel.updateOne({ _id: id }, { 'subscription.emailsPerMonth': 120 });
    await settle(id, (await taken(id, 1)).id, 1);
    expect(await eventsOf(id)).toHaveLength(3);
  });
});

describe('a daily cap', () => {
  const cap = (dailyCap: number, key = 'domain:example.com'): Cap => ({ key, reason: 'domain_daily_cap', dailyCap });

  it('is shared by all that are under it, and takes back what was not used', async () => {
    const id = await business(1_000);
    const first = await taken(id, 64, [cap(100)]);
    expect((await taken(id, 64, [cap(100), cap(50, 'campaign:x')])).n).toBe(36);
    expect(await reserve(id, 1, 'bulk', [cap(100)])).toEqual({ exhausted: 'reserved' });
    await settle(id, first.id, 10);
    expect((await taken(id, 64, [cap(100)])).n).toBe(54);
    expect((await taken(id, 64)).n).toBe(64);
  });

  it('says which one is used up', async () => {
    const id = await business(1_000);
    await settle(id, (await taken(id, 10, [cap(10)])).id, 10);
    expect(await reserve(id, 1, 'bulk', [cap(5, 'campaign:x'), cap(10)])).toEqual({ exhausted: 'cap', cap: cap(10) });
  });

  it('begins anew with the day', async () => {
    const id = await business(1_000);
    const yesterday = await taken(id, 10, [cap(10)]);
    await BusinessModel.updateOne({ _id: id }, { 'quota.day': '2001-01-01', 'quota.reservations.0.day': '2001-01-01' });
    expect((await taken(id, 64, [cap(10)])).n).toBe(10);
    await settle(id, yesterday.id, 0);
    expect(await reserve(id, 1, 'bulk', [cap(10)])).toEqual({ exhausted: 'reserved' });
  });

  it('follows a ramp day by day, and then the daily cap alone', async () => {
    const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
    const ramp = (startsOn: string, dailyCap?: number): Cap => ({
      key: 'domain:new.com',
      reason: 'domain_daily_cap',
      dailyCap,
      warmUp: { startsOn, perDay: [5, 10, 20] },
    });
    const granted = async (cap: Cap) => (await taken(await business(1_000), 500, [cap])).n;
    expect(await granted(ramp(day(-3)))).toBe(5);
    expect(await granted(ramp(day(0)))).toBe(5);
    expect(await granted(ramp(day(1)))).toBe(10);
    expect(await granted(ramp(day(2)))).toBe(20);
    expect(await granted(ramp(day(2), 15))).toBe(15);
    expect(await granted(ramp(day(3), 300))).toBe(300);
    expect(await granted(ramp(day(3)))).toBe(500);
  });
});

describe('months and days', () => {
  const at = async (expression: object) => {
    const [row] = (await mongoose.connection.db?.aggregate([{ $documents: [{ at: expression }] }]).toArray()) ?? [];
    return row?.at;
  };
  const month = (iso: string, zone: string) => at(monthOf(new Date(iso), zone) as object);
  const day = (iso: string, zone: string) => at(dayOf(new Date(iso), zone) as object);

  it.each([
    ['Europe/Berlin', '2026-10-31T22:59:59Z', '2026-10', '2026-10-31'],
    ['Europe/Berlin', '2026-10-31T23:00:00Z', '2026-11', '2026-11-01'],
    // Summer time ended in between: the month began at 22:00 UTC and ends at 23:00 UTC.
    ['Europe/Berlin', '2026-09-30T21:59:59Z', '2026-09', '2026-09-30'],
    ['Europe/Berlin', '2026-09-30T22:00:00Z', '2026-10', '2026-10-01'],
    ['America/New_York', '2026-12-01T04:59:59Z', '2026-11', '2026-11-30'],
    ['America/New_York', '2026-11-01T04:00:00Z', '2026-11', '2026-11-01'],
    // Here the clocks go forward at midnight: the first hour of the day does not exist.
    ['America/Asuncion', '2023-10-01T03:59:59Z', '2023-09', '2023-09-30'],
    ['America/Asuncion', '2023-10-01T04:00:00Z', '2023-10', '2023-10-01'],
    ['Pacific/Kiritimati', '2026-11-30T10:00:00Z', '2026-12', '2026-12-01'],
    ['UTC', '2026-02-28T23:59:59.999Z', '2026-02', '2026-02-28'],
  ])('in %s at %s', async (zone, iso, expectedMonth, expectedDay) => {
    expect(await month(iso, zone)).toBe(expectedMonth);
    expect(await day(iso, zone)).toBe(expectedDay);
  });

  it('end at a midnight of their own', async () => {
    for (const zone of ['UTC', 'Europe/Berlin', 'Asia/Kolkata']) {
      const end = await endOfDay(zone);
      const time = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, timeStyle: 'medium' }).format(end);
      expect(time).toBe('00:00:00');
      expect(end.getTime() - Date.now()).toBeLessThanOrEqual(25 * 3_600_000);
    }
  });
});
