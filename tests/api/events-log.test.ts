import { Types } from 'mongoose';
import { beforeAll, describe, expect, it } from 'vitest';
import { EventModel, type EventType } from '../../src/models/event.js';
import { queryOf } from '../../src/services/events.js';
import { type Registered, register } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';

useHub();

const ROWS = 2_000;
const FROM = new Date(Date.UTC(2026, 0, 1));
const TO = new Date(Date.UTC(2026, 0, 2));

const [campaign, delivery, email] = [new Types.ObjectId(), new Types.ObjectId(), 'ann@x.org'];
let who: Registered;

/**
 * A log of which each filter leaves a part, ten events of each second: one in a hundred is the one delivery's, one in two
 * the campaign's, and one in five hundred a complaint.
 */
beforeAll(async () => {
  who = await register();
  const business = new Types.ObjectId(who.businessId);
  await EventModel.collection.insertMany(
    Array.from({ length: ROWS }, (_, n) => ({
      _id: new Types.ObjectId(),
      business,
      type: (n % 500 === 0 ? 'email.complained' : n % 2 ? 'email.delivered' : 'email.sent') satisfies EventType,
      at: new Date(FROM.getTime() + Math.floor(n / 10) * 1_000),
      ...(n % 4 < 2 ? { campaign } : {}),
      ...(n % 100 === 0 ? { delivery, email } : { delivery: new Types.ObjectId(), email: `p${n}@x.org` }),
      expiresAt: new Date(Date.now() + 60_000),
    })),
  );
});

const filters: [string, Record<string, string>, number][] = [
  ['everything', {}, ROWS],
  ['a type', { type: 'email.sent' }, 996],
  ['a rare type', { type: 'email.complained' }, 4],
  ['a campaign', { campaign: campaign.toHexString() }, 1_000],
  ['a campaign’s rare type', { campaign: campaign.toHexString(), type: 'email.complained' }, 4],
  ['a delivery', { delivery: delivery.toHexString() }, 20],
  ['an address', { email }, 20],
  ['an address’s type', { email, type: 'email.complained' }, 4],
];

describe('the log, by its filters', () => {
  it.each(filters)('of %s shows each event once, in order, page by page', async (_case, filter, count) => {
    const seen: { id: string; at: string }[] = [];
    let cursor: string | null = null;
    do {
      const query: Record<string, string> = { ...filter, limit: '137', ...(cursor ? { cursor } : {}) };
      const { body } = await api().get('/api/events').query(query).auth(who.token, { type: 'bearer' }).expect(200);
      seen.push(...body.events);
      cursor = body.pagination.nextCursor;
    } while (cursor);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(count);
    expect(seen).toHaveLength(count);
    const places = seen.map(({ at, id }) => `${at}${id}`);
    expect(places).toEqual([...places].sort().reverse());
  });

  it.each(filters)(
    'of %s reads a page from its index, also one in the middle and within a time',
    async (_case, filter) => {
      const business = { businessId: new Types.ObjectId(who.businessId) };
      const middle = Buffer.from(JSON.stringify([FROM.getTime() + (ROWS / 20) * 1_000, 'f'.repeat(24)])).toString(
        'base64url',
      );
      const limit = 10;
      for (const more of [{}, { cursor: middle }, { from: FROM, to: TO, cursor: middle }]) {
        const query = queryOf(business, { ...filter, ...more });
        const explained = await EventModel.collection
          .find(query.filter)
          .sort(query.sort)
          .hint(query.index)
          .limit(limit)
          .explain('executionStats');
        expect(JSON.stringify(explained.queryPlanner.winningPlan)).not.toContain('"SORT"');
        const { nReturned, totalDocsExamined, totalKeysExamined } = explained.executionStats;
        expect(nReturned).toBeGreaterThan(0);
        // What a filter beside the index's own leaves out is read, too: of one address that is little.
        expect(totalDocsExamined).toBeLessThanOrEqual(2 * limit);
        // One look at each type that a campaign's are merged from.
        expect(totalKeysExamined).toBeLessThanOrEqual(2 * limit + 32);
      }
    },
  );

  it('is another tenant’s for nobody, whatever names it', async () => {
    const other = await register();
    for (const [, filter] of filters) {
      const { body } = await api().get('/api/events').query(filter).auth(other.token, { type: 'bearer' }).expect(200);
      expect(body.events).toEqual([]);
    }
  });

  it('names the field that is wrong', async () => {
    const { body } = await api()
      .get('/api/events?delivery=1&email=nobody&type=email.lost')
      .auth(who.token, { type: 'bearer' })
      .expect(422);
    expect(body.errors.map(({ path }: { path: string }) => path).sort()).toEqual(['delivery', 'email', 'type']);
  });
});
