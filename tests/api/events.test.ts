import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { EventModel } from '../../src/models/event.js';
import { apiKey, register } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';

useHub();

const list = (token: string, query = '') => api().get(`/api/events${query}`).auth(token, { type: 'bearer' });

/** Events of a business, a second apart, the oldest first. */
async function happened(businessId: string, types: string[], campaign?: Types.ObjectId): Promise<void> {
  const business = new Types.ObjectId(businessId);
  await EventModel.insertMany(
    types.map((type, n) => ({
      _id: new Types.ObjectId(),
      business,
      type,
      at: new Date(Date.UTC(2026, 0, 1, 0, 0, n)),
      ...(campaign ? { campaign } : {}),
      data: {},
      expiresAt: new Date(Date.now() + 60_000),
    })),
  );
}

describe('GET /api/events', () => {
  it('pages, newest first, also those of one moment', async () => {
    const { token, businessId } = await register();
    await happened(businessId, ['campaign.started', 'campaign.paused', 'campaign.completed']);
    await EventModel.updateMany(
      { business: businessId, type: 'campaign.paused' },
      { at: new Date(Date.UTC(2026, 0, 1)) },
    );
    const seen: string[] = [];
    let cursor = '';
    for (;;) {
      const { body } = await list(token, `?limit=1${cursor && `&cursor=${cursor}`}`).expect(200);
      seen.push(...body.events.map(({ type }: { type: string }) => type));
      if (!body.pagination.hasMore) break;
      cursor = body.pagination.nextCursor;
    }
    expect(seen[0]).toBe('campaign.completed');
    expect([...seen].sort()).toEqual(['campaign.completed', 'campaign.paused', 'campaign.started']);
  });

  it('finds by type, campaign and time', async () => {
    const { token, businessId } = await register();
    const campaign = new Types.ObjectId();
    await happened(businessId, ['campaign.started', 'campaign.completed'], campaign);
    await happened(businessId, ['quota.warning', 'quota.exceeded']);
    const types = async (query: string) =>
      (await list(token, query).expect(200)).body.events.map(({ type }: { type: string }) => type);
    expect(await types('?type=quota.warning')).toEqual(['quota.warning']);
    expect(await types(`?campaign=${campaign}`)).toEqual(['campaign.completed', 'campaign.started']);
    const second = encodeURIComponent('2026-01-01T00:00:01Z');
    expect((await types(`?from=${second}`)).sort()).toEqual(['campaign.completed', 'quota.exceeded']);
    expect((await types(`?to=${second}`)).sort()).toEqual(['campaign.started', 'quota.warning']);
  });

  it('finds by address, and shows whom it was about', async () => {
    const { token, businessId } = await register();
    const [delivery, email] = [new Types.ObjectId(), 'ann@example.com'];
    await happened(businessId, ['email.sent', 'email.delivered', 'email.sent']);
    await EventModel.updateMany({ business: businessId, type: 'email.sent' }, { delivery, email });
    const others = await list(token, '?email=bob@example.com').expect(200);
    expect(others.body.events).toHaveLength(0);
    const found = (await list(token, '?email=ann@EXAMPLE.com').expect(200)).body.events;
    expect(found).toMatchObject([1, 2].map(() => ({ type: 'email.sent', delivery: String(delivery), email })));
  });

  it('is the tenant’s own, and needs the permission', async () => {
    const [who, other] = [await register(), await register()];
    await happened(who.businessId, ['quota.warning']);
    expect((await list(other.token).expect(200)).body.events).toEqual([]);
    await list(await apiKey(who, ['send_emails'])).expect(403);
    await api().get('/api/events').expect(401);
  });

  it.each([
    '?type=x',
    '?campaign=1',
    '?from=2026-01-01',
    '?cursor=nonsense',
    '?limit=0',
    '?address=a@b.com',
    '?email=ann',
  ])('refuses %s', async (query) => {
    const { token } = await register();
    await list(token, query).expect(422);
  });
});
