import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { type Delivery, DeliveryModel } from '../../src/models/delivery.js';
import { type EmailCampaign, EmailCampaignModel } from '../../src/models/email-campaign.js';
import { MessageModel } from '../../src/models/message.js';
import { claim, giveBack } from '../../src/sending/batch/claim.js';
import { comeBack } from '../../src/sending/campaigns/comeback.js';
import { putBack } from '../../src/sending/campaigns/retry.js';
import { reserve, settle } from '../../src/sending/limits/quota.js';
import { sweep } from '../../src/sending/upkeep/sweep.js';
import { useHub } from '../support/hub.js';
import {
  accepted,
  as,
  draft,
  launched,
  people,
  type Sender,
  sender,
  statesOf,
  untilCampaign,
  usedOf,
  useWorkers,
} from '../support/sending.js';
import { until } from '../support/until.js';

useHub();
const startWorkers = useWorkers();

/** A worker that claimed these deliveries and then stood still until its claim, and its reservation, had run out. */
async function standstill(who: Sender, filter: object) {
  const business = new Types.ObjectId(who.businessId);
  const found = await DeliveryModel.find(filter).lean<Delivery[]>();
  const reservation = await reserve(business, found.length, 'bulk');
  if ('exhausted' in reservation) throw new Error(reservation.exhausted);
  const { deliveries } = await claim(reservation, found);
  await DeliveryModel.updateMany({ 'claim.token': reservation.id }, { 'claim.until': new Date(0) });
  await BusinessModel.updateOne({ _id: business }, { 'quota.reservations.0.at': new Date(0) });
  await sweep();
  const ids = deliveries.map(({ _id }) => _id);
  /** It goes on, and knows that it called SES for none of them. */
  return async (cameBack: () => Promise<void>) => {
    await giveBack(reservation.id, ids);
    await cameBack();
    await settle(business, reservation.id, 0);
  };
}

const campaignOf = (id: string) => EmailCampaignModel.findById(id).lean<EmailCampaign>().orFail();

describe('a worker that comes back after its claim has run out', () => {
  it('leaves nothing open of a campaign that was cancelled meanwhile', async () => {
    const who = await sender();
    const id = await launched(who, people(10));
    const campaign = new Types.ObjectId(id);
    const goOn = await standstill(who, { campaign });
    await as(who, 'post', `/api/campaigns/${id}/cancel`);
    await sweep();
    expect((await campaignOf(id)).completedAt).toBeInstanceOf(Date);
    await goOn(() => comeBack(campaign));
    await sweep();
    expect(await statesOf(who, id)).toEqual({ cancelled: 10 });
    expect((await campaignOf(id)).completedAt).toBeInstanceOf(Date);
  });

  it('has a campaign sent that was complete for hours', async () => {
    const who = await sender();
    const id = await launched(who, people(10));
    const campaign = new Types.ObjectId(id);
    const goOn = await standstill(who, { campaign });
    await EmailCampaignModel.updateOne({ _id: id }, { status: 'sent', completedAt: new Date(0) });
    await goOn(() => comeBack(campaign));
    startWorkers();
    await untilCampaign(who, id, 'sent');
    expect(await statesOf(who, id)).toEqual({ sent: 10 });
    expect(await accepted(who)).toHaveLength(10);
  });

  it('has a single message sent that it gave back', async () => {
    const who = await sender();
    const id = await draft(who, people(1));
    // Nobody sends it, and its caller does not wait.
    const testing = as(who, 'post', `/api/campaigns/${id}/test`, { to: ['a@example.com'] }, 202);
    const message = await until(() => MessageModel.findOne({ business: who.businessId }).lean());
    const goOn = await standstill(who, { message: message._id });
    await goOn(async () => undefined);
    startWorkers();
    await until(async () => (await DeliveryModel.findOne({ message: message._id }).lean())?.status === 'sent');
    await testing;
  });

  it('gives back to the month what the sweeper had taken to be used, once', async () => {
    const who = await sender();
    const id = await launched(who, people(10));
    const campaign = new Types.ObjectId(id);
    const goOn = await standstill(who, { campaign });
    expect(await usedOf(who)).toBe(10);
    await goOn(() => comeBack(campaign));
    expect(await usedOf(who)).toBe(0);
    const settled = (await BusinessModel.findById(who.businessId).lean())?.quota.settled;
    expect(settled).toEqual([]);
  });
});

describe('a retry that is being put back', () => {
  const failed = { status: 'failed', failedAt: new Date(Date.now() - 1_000) };
  const asked = (failedBefore: Date) => ({ statuses: ['failed'], failedBefore, unconfirmedBefore: new Date(0) });

  it('leaves nothing open when the campaign was cancelled meanwhile', async () => {
    const who = await sender();
    const id = await launched(who, people(10));
    await DeliveryModel.updateMany({ campaign: id }, failed);
    await EmailCampaignModel.updateOne({ _id: id }, { retry: asked(new Date()) });
    const asTurnRead = await campaignOf(id);
    await as(who, 'post', `/api/campaigns/${id}/cancel`);
    await sweep();
    await putBack(asTurnRead);
    await sweep();
    expect(Object.keys(await statesOf(who, id))).not.toContain('pending');
  });

  it('does not end another one that was asked for meanwhile', async () => {
    const who = await sender();
    const id = await launched(who, people(1));
    await EmailCampaignModel.updateOne({ _id: id }, { retry: asked(new Date(0)) });
    const asTurnRead = await campaignOf(id);
    await DeliveryModel.updateMany({ campaign: id }, failed);
    await EmailCampaignModel.updateOne({ _id: id }, { retry: asked(new Date()) });
    await putBack(asTurnRead);
    expect((await campaignOf(id)).retry).toBeTruthy();
    startWorkers();
    await untilCampaign(who, id, 'sent');
    expect(await statesOf(who, id)).toEqual({ sent: 1 });
  });
});
