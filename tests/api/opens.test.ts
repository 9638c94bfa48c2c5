import { Types } from 'mongoose';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DeliveryModel } from '../../src/models/delivery.js';
import { EventModel } from '../../src/models/event.js';
import { closeOpens, flushOpens, noteOpen } from '../../src/tracking/opens.js';
import { signOpen } from '../../src/tracking/tokens.js';
import { once, register } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { BROWSER, tracked } from '../support/tracked.js';
import { until } from '../support/until.js';

useHub();

const shop = once(() => register());
const get = (path: string) => api().get(path).set('User-Agent', BROWSER).expect(200);

afterEach(async () => {
  vi.restoreAllMocks();
  await closeOpens();
});

describe('opens that are gathered', () => {
  it('are written together', async () => {
    const who = await shop();
    const messages = await Promise.all(Array.from({ length: 20 }, () => tracked(who, [])));
    const write = vi.spyOn(DeliveryModel.collection, 'bulkWrite');
    await Promise.all(messages.map(({ open }) => get(open)));
    await flushOpens();
    expect(write.mock.calls.length).toBeLessThanOrEqual(2);
    expect(write.mock.calls.flatMap(([writes]) => writes)).toHaveLength(20);
  });

  it('wait while MongoDB takes none, and are written when it does', async () => {
    const message = await tracked(await shop(), []);
    const write = vi.spyOn(DeliveryModel.collection, 'bulkWrite').mockRejectedValue(new Error('away'));
    await get(message.open);
    await flushOpens();
    expect(write).toHaveBeenCalledOnce();
    expect((await message.read()).openedAt).toBeUndefined();
    await expect(closeOpens()).rejects.toThrow('1 opens could not be written');
    write.mockRestore();
    await flushOpens();
    expect((await message.read()).openedAt).toBeInstanceOf(Date);
  });

  it('of a person are not lost behind a scanner’s while MongoDB takes none', async () => {
    const message = await tracked(await shop(), []);
    const { sentAt } = await message.read();
    const token = signOpen({ businessId: message.business, deliveryId: message.id });
    const hitAfter = (ms: number) => ({ at: new Date(Number(sentAt) + ms), userAgent: BROWSER, isPrefetch: false });
    const write = vi.spyOn(DeliveryModel.collection, 'bulkWrite').mockRejectedValue(new Error('away'));
    await noteOpen(token, hitAfter(500));
    await flushOpens();
    await noteOpen(token, hitAfter(10_000));
    write.mockRestore();
    await flushOpens();
    expect(await message.read()).toMatchObject({ machineOpenedAt: hitAfter(500).at, openedAt: hitAfter(10_000).at });
  });

  it('are kept while others come, however many', async () => {
    const message = await tracked(await shop(), []);
    const hit = { at: new Date(), userAgent: BROWSER, isPrefetch: false };
    const note = (deliveryId: Types.ObjectId) => noteOpen(signOpen({ businessId: message.business, deliveryId }), hit);
    const many = (count: number) => Promise.allSettled(Array.from({ length: count }, () => note(new Types.ObjectId())));
    const find = vi.spyOn(DeliveryModel.collection, 'find').mockImplementation(() => {
      throw new Error('away');
    });
    await note(message.id);
    await many(19_999);
    const flushed = flushOpens();
    await many(20_000);
    await flushed;
    find.mockRestore();
    await flushOpens();
    expect((await message.read()).openedAt).toEqual(hit.at);
  });

  it('are tried again by themselves', async () => {
    const message = await tracked(await shop(), []);
    vi.spyOn(EventModel.collection, 'insertMany').mockRejectedValueOnce(new Error('away'));
    await get(message.open);
    await until(() => EventModel.exists({ delivery: message.id }));
    expect((await message.read()).openedAt).toBeInstanceOf(Date);
  });

  it('are written before the process ends', async () => {
    const message = await tracked(await shop(), []);
    await get(message.open);
    await closeOpens();
    expect((await message.read()).openedAt).toBeInstanceOf(Date);
  });

  it('are written at once when too many wait', async () => {
    const message = await tracked(await shop(), []);
    const hit = { at: new Date(), userAgent: BROWSER, isPrefetch: false };
    const token = (deliveryId: Types.ObjectId) => signOpen({ businessId: message.business, deliveryId });
    // No timer fires in between: nothing here waits for more than a promise.
    for (let n = 0; n < 20_000; n += 1) await noteOpen(token(new Types.ObjectId()), hit);
    expect(await noteOpen(token(message.id), hit)).toBe(true);
    expect((await message.read()).openedAt).toEqual(hit.at);
  });

  it('keep the earliest, in whatever order they are written', async () => {
    const openedAt = new Date(Date.now() + 60_000);
    const message = await tracked(await shop(), [], { openedAt });
    await get(message.open);
    await flushOpens();
    const earlier = (await message.read()).openedAt;
    expect(earlier?.getTime()).toBeLessThan(openedAt.getTime());
    await get(message.open);
    await flushOpens();
    expect((await message.read()).openedAt).toEqual(earlier);
  });
});
