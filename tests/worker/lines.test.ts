import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { DeliveryModel, LINE } from '../../src/models/delivery.js';
import { lineSource } from '../../src/sending/batch/line-source.js';
import { dueLines } from '../../src/sending/batch/lines.js';
import { useHub } from '../support/hub.js';

useHub();

const LATER = new Date(Date.now() + 86_400_000);

/** Deliveries of a line, as they are accepted. */
function waiting(business: Types.ObjectId, count: number, fields: object = {}) {
  const message = new Types.ObjectId();
  return DeliveryModel.collection.insertMany(
    Array.from({ length: count }, (_, n) => ({
      ...{ business, message, stream: 'transactional', isTest: false, sendBefore: LATER },
      ...{ email: `p${n}@example.com`, status: 'pending', bucket: 0, dueAt: new Date(0), attempts: 0 },
      createdAt: new Date(),
      ...fields,
    })),
  );
}

describe('a line of single messages', () => {
  it('is found while something of it is due, by two keys a business, however much is scheduled', async () => {
    const [due, scheduled, other] = [new Types.ObjectId(), new Types.ObjectId(), new Types.ObjectId()];
    await waiting(due, 1);
    await waiting(due, 2_000, { dueAt: LATER });
    await waiting(scheduled, 2_000, { dueAt: LATER });
    await waiting(other, 1, { stream: 'broadcast', fromDomain: 'example.com' });
    await waiting(other, 1, { isTest: true });
    const lines = (await dueLines()).map((line) => [line.business.toHexString(), line.stream, line.isTest]);
    expect(lines.sort()).toEqual(
      [
        [due.toHexString(), 'transactional', false],
        [other.toHexString(), 'broadcast', false],
        [other.toHexString(), 'transactional', true],
      ].sort(),
    );
    const next = { stream: 'transactional', isTest: false, status: 'pending', business: { $gt: due } };
    const explained = await DeliveryModel.collection
      .find(next)
      .sort({ business: 1, dueAt: 1 })
      .hint(LINE)
      .limit(1)
      .explain('executionStats');
    expect(explained.executionStats.totalKeysExamined).toBeLessThanOrEqual(2);
  });

  it('gives the oldest first, and of those that wait for later none', async () => {
    const business = new Types.ObjectId();
    const at = (minutes: number) => new Date(Date.now() - minutes * 60_000);
    await waiting(business, 1, { dueAt: at(1), email: 'second@example.com' });
    await waiting(business, 1, { dueAt: at(2), email: 'first@example.com' });
    await waiting(business, 500, { dueAt: LATER });
    await waiting(business, 1, { sendBefore: at(1), email: 'late@example.com' });
    const found = await lineSource({ business, stream: 'transactional', isTest: false }).findDue(64);
    expect(found.map(({ email }) => email)).toEqual(['first@example.com', 'second@example.com']);
  });

  it('gives no more than 8 MB of content at once, and one message at least', async () => {
    const business = new Types.ObjectId();
    await waiting(business, 5, { size: 3 * 1_048_576 });
    const source = lineSource({ business, stream: 'transactional', isTest: false });
    expect(await source.findDue(64)).toHaveLength(2);
    await DeliveryModel.updateMany({ business }, { size: 9 * 1_048_576 });
    expect(await source.findDue(64)).toHaveLength(1);
  });

  it('gives broadcasts of one domain at once, whose daily cap binds them', async () => {
    const business = new Types.ObjectId();
    await waiting(business, 2, { stream: 'broadcast', fromDomain: 'a.com', dueAt: new Date(1) });
    await waiting(business, 2, { stream: 'broadcast', fromDomain: 'b.com' });
    const source = lineSource({ business, stream: 'broadcast', isTest: false });
    const found = await source.findDue(64);
    expect(found.map(({ fromDomain }) => fromDomain)).toEqual(['b.com', 'b.com']);
    const domainLimits = [{ domain: 'b.com', dailyCap: 5 }];
    const caps = source.capsOf({ settings: { domainLimits } } as never, found);
    expect(caps).toEqual([expect.objectContaining({ key: 'domain:b.com', dailyCap: 5 })]);
  });
});
