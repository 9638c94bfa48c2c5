import { Types } from 'mongoose';
import { beforeAll, describe, expect, it } from 'vitest';
import { DeliveryModel, type DeliveryStatus } from '../../../src/models/delivery.js';
import { EmailCampaignModel } from '../../../src/models/email-campaign.js';
import { recipientsOf } from '../../../src/services/recipients.js';
import { apiKey, type Registered, register } from '../../support/factories.js';
import { api, useHub } from '../../support/hub.js';
import { add, draft, leases, stored } from './draft.js';

useHub();

let who: Registered;
let other: Registered;
beforeAll(async () => {
  [who, other] = [await register(), await register()];
});

const auth = { type: 'bearer' } as const;
const list = (id: string, query: Record<string, unknown> = {}, token = who.token) =>
  api().get(`/api/campaigns/${id}/recipients`).query(query).auth(token, auth);
const remove = (id: string, recipientId: string, token = who.token) =>
  api().delete(`/api/campaigns/${id}/recipients/${recipientId}`).auth(token, auth);
const download = (id: string, token = who.token) =>
  api().get(`/api/campaigns/${id}/recipients/export`).auth(token, auth);

/** A draft with these recipients, given as lines of CSV. */
async function filled(...lines: string[]): Promise<string> {
  const id = await draft(who);
  await add(who.token, id, lines.join('\n')).expect(200);
  return id;
}

async function setStatus(id: string, email: string, status: DeliveryStatus) {
  await DeliveryModel.updateOne({ campaign: new Types.ObjectId(id), email }, { status });
}

/** Every address of a list, page by page. */
async function pagesOf(id: string, query: Record<string, unknown>): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const { body } = await list(id, { ...query, ...(cursor ? { cursor } : {}) }).expect(200);
    pages.push(body.recipients.map(({ email }: { email: string }) => email));
    cursor = body.pagination.nextCursor ?? undefined;
    expect(body.pagination.hasMore).toBe(cursor !== undefined);
  } while (cursor);
  return pages;
}

describe('GET /api/campaigns/:id/recipients', () => {
  it('shows what is known of each', async () => {
    const id = await filled('email,name,city', 'ann@x.org,Ann,Bonn', 'bob@x.org,,');
    await DeliveryModel.updateOne(
      { campaign: new Types.ObjectId(id), email: 'ann@x.org' },
      {
        status: 'sent',
        attempts: 1,
        messageId: 'm-1',
        sentAt: new Date('2026-01-02T03:04:05Z'),
        openedAt: new Date('2026-01-02T04:00:00Z'),
      },
    );
    const { body } = await list(id).expect(200);
    expect(body).toEqual({
      success: true,
      recipients: [
        {
          id: expect.stringMatching(/^[0-9a-f]{24}$/),
          email: 'ann@x.org',
          name: 'Ann',
          variables: { city: 'Bonn' },
          status: 'sent',
          attempts: 1,
          messageId: 'm-1',
          error: null,
          sentAt: '2026-01-02T03:04:05.000Z',
          deliveredAt: null,
          bouncedAt: null,
          complainedAt: null,
          failedAt: null,
          unconfirmedAt: null,
          unsubscribedAt: null,
          openedAt: '2026-01-02T04:00:00.000Z',
          clickedAt: null,
          machineOpenedAt: null,
          machineClickedAt: null,
          createdAt: expect.any(String),
        },
        expect.objectContaining({ email: 'bob@x.org', name: null, variables: {}, status: 'pending' }),
      ],
      pagination: { nextCursor: null, hasMore: false },
    });
  });

  it('pages by address, and by status in the order of sending, each exactly once', async () => {
    const emails = Array.from({ length: 45 }, (_, n) => `user${String(n).padStart(2, '0')}@x.org`);
    const id = await filled('email', ...emails);
    await setStatus(id, 'user07@x.org', 'failed');
    expect(await pagesOf(id, { limit: 20 })).toEqual([emails.slice(0, 20), emails.slice(20, 40), emails.slice(40)]);

    const pending = await pagesOf(id, { status: 'pending', limit: 11 });
    expect(pending.map(({ length }) => length)).toEqual([11, 11, 11, 11]);
    expect(pending.flat().sort()).toEqual(emails.filter((email) => email !== 'user07@x.org'));
    expect(await pagesOf(id, { status: 'failed' })).toEqual([['user07@x.org']]);
    expect(await pagesOf(id, { status: 'bounced' })).toEqual([[]]);
  });

  it('finds by what the address begins with, whatever letters that is', async () => {
    const id = await filled('email', 'ann.lee@x.org', 'annxlee@x.org', 'bob+ann@x.org', 'bob@x.org');
    expect(await pagesOf(id, { email: 'Ann', limit: 1 })).toEqual([['ann.lee@x.org'], ['annxlee@x.org']]);
    expect(await pagesOf(id, { email: 'ann.' })).toEqual([['ann.lee@x.org']]);
    expect(await pagesOf(id, { email: 'bob+' })).toEqual([['bob+ann@x.org']]);
    expect(await pagesOf(id, { email: '.*' })).toEqual([[]]);
    await setStatus(id, 'annxlee@x.org', 'sent');
    expect(await pagesOf(id, { email: 'ann', status: 'sent' })).toEqual([['annxlee@x.org']]);
  });

  it('reads no more than a page from the index, wherever the page lies', async () => {
    const id = await filled('email', ...Array.from({ length: 300 }, (_, n) => `user${n}@x.org`));
    const filter = recipientsOf({ businessId: new Types.ObjectId(who.businessId) }, new Types.ObjectId(id));
    const explained = await DeliveryModel.collection
      .find({ ...filter, email: { $gt: 'user2' } })
      .sort({ email: 1 })
      .limit(10)
      .explain('executionStats');
    expect(explained.executionStats).toMatchObject({ totalKeysExamined: 10, totalDocsExamined: 10 });
  });

  it.each([
    ['an unknown status', { status: 'lost' }, 'status'],
    ['an operator for the address', { 'email[$gt]': '' }, 'email[$gt]'],
    ['an address twice', { email: ['a', 'b'] }, 'email'],
    ['a cursor of its own', { cursor: 'nonsense' }, 'cursor'],
    [
      'a cursor of another order',
      { cursor: Buffer.from('["a@x.org"]').toString('base64url'), status: 'sent' },
      'cursor',
    ],
    ['an operator in the cursor', { cursor: Buffer.from('[{"$gt":""}]').toString('base64url') }, 'cursor'],
    ['too large a page', { limit: 201 }, 'limit'],
  ])('refuses %s', async (_case, query, path) => {
    const { body } = await list(await draft(who), query).expect(422);
    expect(body).toMatchObject({ code: 'validation_failed', errors: [{ path }] });
  });

  it('asks for view_analytics, and for a campaign of the caller’s own business', async () => {
    const id = await draft(who);
    await api().get(`/api/campaigns/${id}/recipients`).expect(401);
    await list(id, {}, await apiKey(who, ['manage_campaigns'])).expect(403);
    await list(id, {}, await apiKey(who, ['view_analytics'])).expect(200);
    await list(id, {}, other.token).expect(404);
  });
});

describe('DELETE /api/campaigns/:id/recipients/:recipientId', () => {
  it('takes a recipient out, once', async () => {
    const id = await filled('email', 'ann@x.org', 'bob@x.org');
    const [ann] = await stored(id);
    expect((await remove(id, String(ann?._id)).expect(200)).body).toEqual({ success: true });
    expect(await stored(id)).toMatchObject([{ email: 'bob@x.org' }]);
    expect((await remove(id, String(ann?._id)).expect(404)).body.code).toBe('not_found');
    expect(await leases(id)).toEqual([]);
  });

  it('refuses once the campaign is launched', async () => {
    const id = await filled('email', 'ann@x.org');
    const [ann] = await stored(id);
    await EmailCampaignModel.updateOne({ _id: id }, { status: 'sending' });
    expect((await remove(id, String(ann?._id)).expect(409)).body.code).toBe('invalid_transition');
    expect(await stored(id)).toHaveLength(1);
  });

  it('knows neither another campaign’s recipient nor another tenant’s, and asks for manage_campaigns', async () => {
    const [id, another] = [await filled('email', 'ann@x.org'), await draft(who)];
    const [ann] = await stored(id);
    const recipientId = String(ann?._id);
    await api().delete(`/api/campaigns/${id}/recipients/${recipientId}`).expect(401);
    await remove(id, recipientId, await apiKey(who, ['view_analytics'])).expect(403);
    await remove(another, recipientId).expect(404);
    await remove(id, recipientId, other.token).expect(404);
    await remove(id, 'nonsense').expect(422);
    expect(await stored(id)).toHaveLength(1);
  });
});

describe('GET /api/campaigns/:id/recipients/export', () => {
  it('writes a CSV file, in which nothing looks like a formula', async () => {
    const id = await draft(who);
    await add(who.token, id, {
      recipients: [
        { email: 'ann@x.org', name: '=HYPERLINK("x")', variables: { city: 'Bonn, "old" town', status: 'vip', n: -1 } },
        { email: '-bob@x.org', variables: { deep: { a: [1] }, note: 'two\nlines' } },
      ],
    }).expect(200);
    const { text, headers } = await download(id).expect(200);
    expect(headers['content-type']).toContain('text/csv');
    expect(headers['content-disposition']).toBe(`attachment; filename="recipients-${id}.csv"`);
    const [title, bob, ann, end] = text.replace(/\d{4}-[\d:.T-]+Z/g, 'TIME').split('\r\n');
    expect(title).toBe(
      'email,name,status,attempts,messageId,error,createdAt,sentAt,deliveredAt,bouncedAt,complainedAt,failedAt,unconfirmedAt,unsubscribedAt,openedAt,clickedAt,machineOpenedAt,machineClickedAt,city,deep,n,note,variable_status',
    );
    expect(bob).toBe('\'-bob@x.org,,pending,0,,,TIME,,,,,,,,,,,,,"{""a"":[1]}",,"two\nlines",');
    expect(ann).toBe('ann@x.org,"\'=HYPERLINK(""x"")",pending,0,,,TIME,,,,,,,,,,,,"Bonn, ""old"" town",,\'-1,,vip');
    expect(end).toBe('');
  });

  it('gives an import back what it wrote', async () => {
    const variables = { a: '=1', b: "'=1", c: ' spaced ', d: "'", e: '\tx', f: 'zwei\nZeilen; "ü"' };
    const [id, copy] = [await draft(who), await draft(who)];
    await add(who.token, id, { recipients: [{ email: '+ann@x.org', name: '@nn', variables }] }).expect(200);
    await add(who.token, copy, (await download(id).expect(200)).text).expect(200);
    expect(await stored(copy)).toMatchObject([{ email: '+ann@x.org', name: '@nn', variables }]);
  });

  it('writes every recipient of a long list, in the order of their addresses', async () => {
    const emails = Array.from({ length: 3_000 }, (_, n) => `user${String(n).padStart(4, '0')}@x.org`);
    const id = await filled('email', ...emails);
    const lines = (await download(id).expect(200)).text.split('\r\n');
    expect(lines.slice(1, -1).map((line) => line.split(',')[0])).toEqual(emails);
  });

  it('asks for manage_campaigns, and for a campaign of the caller’s own business', async () => {
    const id = await draft(who);
    await api().get(`/api/campaigns/${id}/recipients/export`).expect(401);
    await download(id, await apiKey(who, ['view_analytics'])).expect(403);
    expect((await download(id, other.token).expect(404)).body.code).toBe('not_found');
    await download('nonsense').expect(422);
  });
});
