import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { DeliveryModel } from '../../src/models/delivery.js';
import { EmailCampaignModel } from '../../src/models/email-campaign.js';
import { reserve } from '../../src/sending/limits/quota.js';
import { reconcile } from '../../src/sending/upkeep/reconcile.js';
import { useHub } from '../support/hub.js';
import {
  as,
  launched,
  people,
  type Sender,
  sender,
  ses,
  statesOf,
  untilCampaign,
  useWorkers,
} from '../support/sending.js';
import { until } from '../support/until.js';

useHub();
const startWorkers = useWorkers();

const longAgo = new Date(Date.now() - 60_000);
const read = (who: Sender) => BusinessModel.findById(who.businessId).lean().orFail();

/** A campaign that was sent, with one unconfirmed and one failed, and all of it a minute ago. */
async function ended(who: Sender): Promise<string> {
  const recipients = people(30);
  await ses().fail({ kind: 'drop', accessKeyId: who.accessKeyId, recipient: recipients[3]?.email ?? '', next: 1 });
  await ses().fail({ kind: 'reject', accessKeyId: who.accessKeyId, recipient: recipients[5]?.email ?? '', next: 1 });
  const id = await launched(who, recipients);
  startWorkers();
  await untilCampaign(who, id, 'sent');
  await until(async () => (await read(who)).quota.reservations.length === 0);
  await EmailCampaignModel.updateOne({ _id: id }, { completedAt: longAgo });
  return id;
}

describe('the reconciliation', () => {
  it('finds nothing where nothing is wrong, also after SES’s events', async () => {
    const who = await sender();
    const id = await ended(who);
    await DeliveryModel.updateMany({ campaign: id, status: 'sent' }, { status: 'delivered', deliveredAt: new Date() });
    expect(await reconcile()).toBe(0);
    const campaign = await EmailCampaignModel.findById(id).lean().orFail();
    const [[, used] = []] = Object.entries(campaign.reconciled?.used ?? {});
    expect(used).toBe(29);
    expect((await read(who)).quota.isUnchecked).toBeUndefined();
    expect((await statesOf(who, id)).delivered).toBe(28);
  });

  it('reports and mends a month that says something else than the ledger', async () => {
    const who = await sender();
    await ended(who);
    await BusinessModel.updateOne({ _id: who.businessId }, { $inc: { 'subscription.emailsSentThisMonth': 7 } });
    expect(await reconcile()).toBe(1);
    expect((await read(who)).subscription.emailsSentThisMonth).toBe(29);
    expect(await reconcile()).toBe(0);
  });

  it('reports and mends numbers of a campaign that cannot be', async () => {
    const who = await sender();
    const id = await ended(who);
    await DeliveryModel.deleteOne({ campaign: id, status: 'sent' });
    await BusinessModel.updateOne({ _id: who.businessId }, { $inc: { 'subscription.emailsSentThisMonth': -1 } });
    // The total, what was handed to SES, and what was ever sent.
    expect(await reconcile()).toBe(3);
    expect((await EmailCampaignModel.findById(id).lean())?.counts?.total).toBe(29);
    expect(await reconcile()).toBe(0);
  });

  it('waits until all is quiet', async () => {
    const who = await sender();
    const id = await ended(who);
    await BusinessModel.updateOne({ _id: who.businessId }, { $inc: { 'subscription.emailsSentThisMonth': 7 } });
    const reservation = await reserve(new Types.ObjectId(who.businessId), 5, 'bulk');
    expect(reservation).toMatchObject({ n: 5 });
    await EmailCampaignModel.updateOne({ _id: id }, { completedAt: new Date() });
    expect(await reconcile()).toBe(0);
    await EmailCampaignModel.updateOne({ _id: id }, { completedAt: longAgo });
    expect(await reconcile()).toBe(0);
    expect((await read(who)).subscription.emailsSentThisMonth).toBe(41);
  });

  it('counts tests and second attempts into their month', async () => {
    const who = await sender();
    const id = await ended(who);
    await as(who, 'post', `/api/campaigns/${id}/test`, { to: ['a@b.com', 'c@d.com'] }, 202);
    await DeliveryModel.updateMany({ campaign: id, status: 'unconfirmed' }, { unconfirmedAt: new Date(0) });
    await as(who, 'post', `/api/campaigns/${id}/retry`, { statuses: ['failed', 'unconfirmed'] }, 202);
    await untilCampaign(who, id, 'sent');
    await until(async () => (await read(who)).quota.reservations.length === 0);
    await EmailCampaignModel.updateOne({ _id: id }, { completedAt: longAgo });
    await until(async () => {
      expect(await reconcile()).toBe(0);
      return (await read(who)).quota.isUnchecked === undefined;
    });
    expect((await read(who)).subscription.emailsSentThisMonth).toBe(33);
  });

  it('gets to everybody, also where some are never quiet', async () => {
    const campaign = { name: 'on hold', status: 'sending', createdBy: new Types.ObjectId(), launchedAt: longAgo };
    const months = Array.from({ length: 7 }, (_, n) => ({
      name: `Business ${n}`,
      domain: `business${n}.test`,
      subscription: { emailsSentThisMonth: 77 },
      quota: { period: '2026-11', isUnchecked: true },
    }));
    const all = await BusinessModel.insertMany(months);
    const quiet = all.at(-1);
    await EmailCampaignModel.insertMany(all.slice(0, -1).map(({ _id }) => ({ ...campaign, business: _id })));
    await until(async () => {
      await reconcile();
      return (await BusinessModel.findById(quiet?._id).lean())?.subscription.emailsSentThisMonth === 0;
    });
  });
});
