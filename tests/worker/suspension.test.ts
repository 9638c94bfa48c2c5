import { describe, expect, it } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { DeliveryModel } from '../../src/models/delivery.js';
import { EmailCampaignModel } from '../../src/models/email-campaign.js';
import { createLauncher } from '../../src/sending/campaigns/due.js';
import { sweep } from '../../src/sending/upkeep/sweep.js';
import { once, type Registered, superAdmin } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import {
  accepted,
  as,
  draft,
  launched,
  people,
  sender,
  statesOf,
  untilCampaign,
  useWorkers,
} from '../support/sending.js';
import { until } from '../support/until.js';

useHub();
const startWorkers = useWorkers();
const administrator = once(superAdmin);

async function set({ businessId }: Registered, status: string) {
  const token = await administrator();
  await api().patch(`/api/admin/businesses/${businessId}`).auth(token, { type: 'bearer' }).send({ status }).expect(200);
}

const read = (id: string) => EmailCampaignModel.findById(id).lean().orFail();
const isQuiet = (id: string) => async () =>
  (await DeliveryModel.countDocuments({ campaign: id, status: 'sending' })) === 0;
const launch = async () => {
  const launcher = createLauncher();
  await launcher.round();
  await launcher.idle();
};

describe('a suspended business', () => {
  it('sends nothing more within a second, and everybody is mailed once when it is active again', async () => {
    const [who, other] = [await sender(100), await sender(100)];
    const id = await launched(who, people(300));
    const others = await launched(other, people(300));
    startWorkers(2);
    await until(async () => (await accepted(who)).length > 30);
    await set(who, 'suspended');
    const suspendedAt = Date.now();
    await until(isQuiet(id));
    const before = await accepted(who);
    expect(Math.max(...before.map((row) => row.at))).toBeLessThan(suspendedAt + 1_000);
    expect(before.length).toBeLessThan(300);
    expect(await read(id)).toMatchObject({ status: 'paused', pause: { reason: 'business_inactive' } });
    await sweep();
    expect((await read(id)).status).toBe('paused');

    await untilCampaign(other, others, 'sent', 60_000);
    expect(await accepted(other)).toHaveLength(300);
    expect(await accepted(who)).toHaveLength(before.length);

    await set(who, 'active');
    await untilCampaign(who, id, 'sent', 60_000);
    const rows = await accepted(who);
    expect(rows).toHaveLength(300);
    expect(new Set(rows.map((row) => row.recipient)).size).toBe(300);
    expect(await statesOf(who, id)).toEqual({ sent: 300 });
  }, 120_000);

  it('stops and goes on also where the process died right after the status was written', async () => {
    const who = await sender();
    const id = await launched(who, people(3));
    await BusinessModel.updateOne({ _id: who.businessId }, { status: 'cancelled' });
    startWorkers();
    await until(async () => (await read(id)).status === 'paused');
    expect((await read(id)).pause?.reason).toBe('business_inactive');
    expect(await accepted(who)).toEqual([]);
    await BusinessModel.updateOne({ _id: who.businessId }, { status: 'active' });
    await sweep();
    await untilCampaign(who, id, 'sent');
    expect(await accepted(who)).toHaveLength(3);
  });

  it('keeps what it scheduled, and launches it when it is active again', async () => {
    const who = await sender();
    const [id, late] = [await draft(who, people(2)), await draft(who, people(2))];
    for (const one of [id, late]) {
      const scheduledFor = new Date(Date.now() + 60_000).toISOString();
      await as(who, 'post', `/api/campaigns/${one}/schedule`, { scheduledFor });
    }
    await set(who, 'suspended');
    await EmailCampaignModel.updateOne({ _id: id }, { scheduledFor: new Date(Date.now() - 60_000) });
    await EmailCampaignModel.updateOne({ _id: late }, { scheduledFor: new Date(Date.now() - 7 * 3_600_000) });
    await launch();
    expect((await read(id)).status).toBe('scheduled');
    expect(await read(late)).toMatchObject({ status: 'paused', pause: { reason: 'missed_schedule' } });
    await set(who, 'active');
    startWorkers();
    await untilCampaign(who, id, 'sent');
    expect(await accepted(who)).toHaveLength(2);
  });

  it('does not stand in the way of others’ schedules, however much it scheduled', async () => {
    const [suspended, who] = [await sender(), await sender()];
    await set(suspended, 'suspended');
    const row = { business: suspended.businessId, status: 'scheduled', schedule: 'scheduled' };
    await EmailCampaignModel.insertMany(
      Array.from({ length: 60 }, (_, n) => ({
        ...row,
        name: `Waiting ${n}`,
        scheduledFor: new Date(Date.now() - 3_600_000),
        createdBy: suspended.userId,
      })),
    );
    const id = await draft(who, people(1));
    const scheduledFor = new Date(Date.now() + 60_000).toISOString();
    await as(who, 'post', `/api/campaigns/${id}/schedule`, { scheduledFor });
    await EmailCampaignModel.updateOne({ _id: id }, { scheduledFor: new Date(Date.now() - 60_000) });
    await launch();
    expect((await read(id)).status).toBe('sending');
    expect(await EmailCampaignModel.countDocuments({ business: suspended.businessId, status: 'scheduled' })).toBe(60);
    await EmailCampaignModel.deleteMany({ business: suspended.businessId });
  });

  it('leaves a person’s pause a person’s, also one made while it is suspended', async () => {
    const who = await sender();
    const [own, other] = [await launched(who, people(2)), await launched(who, people(2))];
    await as(who, 'post', `/api/campaigns/${own}/pause`);
    await set(who, 'suspended');
    const token = await administrator();
    await api()
      .post(`/api/campaigns/${other}/pause`)
      .auth(token, { type: 'bearer' })
      .set('X-Business-Id', who.businessId)
      .expect(200);
    await set(who, 'active');
    await sweep();
    for (const id of [own, other]) {
      expect(await read(id)).toMatchObject({ status: 'paused', pause: { reason: 'user' } });
    }
  });
});
