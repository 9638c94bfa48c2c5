import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { apiKey, once, register, superAdmin } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';

useHub();

const administrator = once(superAdmin);
const bystander = once(register);

const get = (token: string, id: string) => api().get(`/api/admin/businesses/${id}`).auth(token, { type: 'bearer' });
const patch = (token: string, id: string, body: object) =>
  api().patch(`/api/admin/businesses/${id}`).auth(token, { type: 'bearer' }).send(body);

describe('PATCH /api/admin/businesses/:id', () => {
  it.each([
    ['a plan with its own limit', { plan: 'pro' }, { plan: 'pro', emailsPerMonth: 100_000 }],
    [
      'an enterprise with a limit',
      { plan: 'enterprise', emailsPerMonth: 5 },
      { plan: 'enterprise', emailsPerMonth: 5 },
    ],
    ['an enterprise without one', { plan: 'enterprise' }, { plan: 'enterprise', emailsPerMonth: 1_000_000 }],
    ['a limit alone', { emailsPerMonth: 0 }, { plan: 'free', emailsPerMonth: 0 }],
    ['nothing', {}, { plan: 'free', emailsPerMonth: 1_000 }],
  ])('sets %s', async (_case, subscription, expected) => {
    const [root, who] = [await administrator(), await register()];
    const { body } = await patch(root, who.businessId, { subscription }).expect(200);
    expect(body.business.subscription).toMatchObject({ ...expected, emailsSentThisMonth: 0 });
    expect((await get(root, who.businessId).expect(200)).body).toEqual(body);
  });

  it('suspends a business, whose people and keys are out at once, and reactivates it', async () => {
    const [root, who] = [await administrator(), await register()];
    const key = await apiKey(who, ['send_emails']);
    const asks = (credential: string) => api().get('/api/business').auth(credential, { type: 'bearer' });

    await patch(root, who.businessId, { status: 'suspended' }).expect(200);
    for (const credential of [who.token, key]) {
      expect((await asks(credential).expect(403)).body.code).toBe('business_inactive');
    }
    await asks(root).set('X-Business-Id', who.businessId).expect(200);

    await patch(root, who.businessId, { status: 'active' }).expect(200);
    for (const credential of [who.token, key]) await asks(credential).expect(200);
  });

  it.each([
    ['an unknown plan', { subscription: { plan: 'gold' } }, 'subscription.plan'],
    ['a negative limit', { subscription: { emailsPerMonth: -1 } }, 'subscription.emailsPerMonth'],
    ['half a message', { subscription: { emailsPerMonth: 1.5 } }, 'subscription.emailsPerMonth'],
    ['an operator for a limit', { subscription: { emailsPerMonth: { $inc: 1 } } }, 'subscription.emailsPerMonth'],
    ['a count of its own', { subscription: { emailsSentThisMonth: 0 } }, 'subscription.emailsSentThisMonth'],
    ['an unknown status', { status: 'gone' }, 'status'],
    ['an unknown field', { name: 'x' }, 'name'],
  ])('answers 422 to %s', async (_case, body, path) => {
    const [root, who] = [await administrator(), await bystander()];
    const answer = await patch(root, who.businessId, body).expect(422);
    expect(answer.body.errors.map((problem: { path: string }) => problem.path)).toEqual([path]);
  });
});

describe('/api/admin', () => {
  it('is for administrators of the hub alone', async () => {
    const who = await register();
    const key = await apiKey(who, ['manage_settings', 'manage_users']);
    for (const credential of [who.token, key]) {
      await get(credential, who.businessId).expect(403);
      await patch(credential, who.businessId, { subscription: { plan: 'pro' } }).expect(403);
    }
    await api().get(`/api/admin/businesses/${who.businessId}`).expect(401);
  });

  it('answers 404 to a business that is not there and 422 to what is no id', async () => {
    const root = await administrator();
    for (const id of [String(new Types.ObjectId())]) {
      expect((await get(root, id).expect(404)).body.code).toBe('not_found');
      await patch(root, id, { status: 'active' }).expect(404);
    }
    await get(root, 'abc').expect(422);
  });
});
