import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { type Business, BusinessModel } from '../../src/models/business.js';
import { DeliveryModel } from '../../src/models/delivery.js';
import { type EmailCampaign, EmailCampaignModel } from '../../src/models/email-campaign.js';
import { startWorkers as startOwnWorkers } from '../../src/queue/workers.js';
import { campaignSource } from '../../src/sending/batch/campaign-source.js';
import { claim, findDueOfCampaign, giveBack } from '../../src/sending/batch/claim.js';
import { runBatch } from '../../src/sending/batch/run.js';
import { Traffic } from '../../src/sending/batch/traffic.js';
import { reserve } from '../../src/sending/limits/quota.js';
import { sweep } from '../../src/sending/upkeep/sweep.js';
import { Gateways } from '../../src/ses/gateway.js';
import { connectSes } from '../support/factories.js';
import { useHub } from '../support/hub.js';
import {
  accepted,
  as,
  launched,
  people,
  sender,
  ses,
  statesOf,
  untilCampaign,
  usedOf,
  useWorkers,
} from '../support/sending.js';
import { until } from '../support/until.js';

useHub();
const startWorkers = useWorkers();

describe('what SES answers', () => {
  it('a throttle loses nobody and costs no attempt', async () => {
    const who = await sender();
    const id = await launched(who, people(60));
    await ses().fail({ kind: 'throttle', next: 7, accessKeyId: who.accessKeyId });
    startWorkers();
    await untilCampaign(who, id, 'sent');
    expect(await accepted(who)).toHaveLength(60);
    expect(await DeliveryModel.countDocuments({ campaign: id, attempts: 1 })).toBe(60);
    expect(await usedOf(who)).toBe(60);
  });

  it('a refused message fails with the reason, the others go out, and it uses no quota', async () => {
    const who = await sender();
    const recipients = people(30);
    await ses().fail({
      kind: 'reject',
      accessKeyId: who.accessKeyId,
      recipient: recipients[4]?.email ?? '',
      message: 'Illegal address',
    });
    const id = await launched(who, recipients);
    startWorkers();
    await untilCampaign(who, id, 'sent');
    expect(await statesOf(who, id)).toEqual({ sent: 29, failed: 1 });
    const failed = await DeliveryModel.findOne({ campaign: id, status: 'failed' }).lean();
    expect(failed).toMatchObject({ email: recipients[4]?.email, error: { code: 'MessageRejected' } });
    expect(await usedOf(who)).toBe(29);
  });

  it.each(['accept-then-drop', 'accept-then-bad-gateway', 'drop', 'bad-gateway'] as const)(
    'no clear answer (%s) leaves the delivery unconfirmed, counted as used and never sent again',
    async (kind) => {
      const who = await sender();
      const recipients = people(20);
      const recipient = recipients[3]?.email ?? '';
      await ses().fail({ kind, accessKeyId: who.accessKeyId, recipient });
      const id = await launched(who, recipients);
      startWorkers();
      await untilCampaign(who, id, 'sent');
      expect(await statesOf(who, id)).toEqual({ sent: 19, unconfirmed: 1 });
      const rows = await accepted(who);
      expect(rows.filter((row) => row.recipient === recipient)).toHaveLength(kind.startsWith('accept') ? 1 : 0);
      expect(await usedOf(who)).toBe(20);
    },
  );

  it('an answer that begins and never ends is given up like one that never comes', async () => {
    const who = await sender();
    const recipients = people(20);
    await ses().fail({ kind: 'accept-then-half-answer', accessKeyId: who.accessKeyId, next: 1 });
    const id = await launched(who, recipients);
    startWorkers();
    await untilCampaign(who, id, 'sent', 40_000);
    expect(await statesOf(who, id)).toEqual({ sent: 19, unconfirmed: 1 });
    expect(await accepted(who)).toHaveLength(20);
  });

  it('what SES says of keys that were replaced meanwhile is not held against the new ones', async () => {
    const who = await sender();
    await ses().fail({ kind: 'latency', delayMs: 1_500, accessKeyId: who.accessKeyId });
    await ses().fail({ kind: 'error', code: 'InvalidClientTokenId', status: 403, accessKeyId: who.accessKeyId });
    const id = await launched(who, people(5));
    const campaign = await EmailCampaignModel.findById(id).lean<EmailCampaign>().orFail();
    const gateways = new Gateways();
    const old = gateways.of(await BusinessModel.findById(who.businessId).lean<Business>().orFail());
    if (!old) throw new Error('no gateway');
    const accessKeyId = await connectSes(who);
    await ses().changeAccount(accessKeyId, { maxSendRate: 100, max24HourSend: -1 });
    // As a batch that began before the change goes on.
    const sending = { gateways: Object.assign(gateways, { of: () => old }), traffic: new Traffic() };
    await runBatch(campaignSource(campaign), { ...sending, signal: new AbortController().signal });
    const business = await BusinessModel.findById(who.businessId).lean();
    expect(business?.sesConfiguration.verified).toBe(true);
    startWorkers();
    await untilCampaign(who, id, 'sent');
    gateways.close();
  });

  it('a paused account pauses the campaign with the reason and fails nobody', async () => {
    const who = await sender();
    const id = await launched(who, people(20));
    await ses().changeAccount(who.accessKeyId, { sendingEnabled: false });
    startWorkers();
    const campaign = await untilCampaign(who, id, 'paused');
    expect(campaign.pause).toMatchObject({ reason: 'account' });
    await until(async () => (await DeliveryModel.countDocuments({ campaign: id, status: 'pending' })) === 20);
    expect(await usedOf(who)).toBe(0);
  });

  it('wrong credentials pause the campaign and mark the account as not connected', async () => {
    const who = await sender();
    const id = await launched(who, people(5));
    await ses().fail({ kind: 'error', code: 'SignatureDoesNotMatch', status: 403, accessKeyId: who.accessKeyId });
    startWorkers();
    const campaign = await untilCampaign(who, id, 'paused');
    expect(campaign.pause.reason).toBe('credentials');
    const { business } = await as(who, 'get', '/api/business');
    expect(business.sesConfiguration.verified).toBe(false);
    expect(await statesOf(who, id)).toEqual({ pending: 5 });
  });

  it('an account so slow that its batches are small is paused, too, when SES refuses everything', async () => {
    const who = await sender(4);
    const id = await launched(who, people(40));
    await ses().fail({ kind: 'reject', accessKeyId: who.accessKeyId, message: 'Illegal content' });
    startWorkers();
    const campaign = await untilCampaign(who, id, 'paused');
    expect(campaign.pause.reason).toBe('rejections');
    expect((await statesOf(who, id)).failed).toBeLessThan(25);
  });

  it('a day that is used up holds the campaign, and it goes on by itself', async () => {
    const who = await sender();
    const id = await launched(who, people(30));
    await ses().fail({ kind: 'daily-quota', next: 3, accessKeyId: who.accessKeyId });
    startWorkers();
    await until(async () => ((await ses().totals()).refused.Throttling ?? 0) > 0);
    await until(async () => (await DeliveryModel.countDocuments({ campaign: id, status: 'sending' })) === 0);
    expect((await as(who, 'get', `/api/campaigns/${id}`)).campaign.status).toBe('sending');
    expect(await DeliveryModel.countDocuments({ campaign: id, status: 'failed' })).toBe(0);
  });
});

describe('what a dead worker leaves', () => {
  it('a claim that has run out becomes unconfirmed, and its reservation is settled from the ledger', async () => {
    const who = await sender();
    const id = await launched(who, people(10));
    // As a worker leaves it that is killed with ten reserved, six claimed and two of them recorded as sent.
    const campaign = await DeliveryModel.findOne({ campaign: id }).lean();
    const { business, campaign: campaignId } = campaign ?? {};
    if (!business || !campaignId) throw new Error('no delivery');
    const reservation = await reserve(business, 10, 'bulk');
    if ('exhausted' in reservation) throw new Error('no quota');
    const { deliveries } = await claim(reservation, await findDueOfCampaign(campaignId, 6));
    const ids = deliveries.map((one) => one._id);
    await DeliveryModel.updateMany({ _id: { $in: ids.slice(0, 2) } }, { $set: { status: 'sent', sentAt: new Date() } });
    await DeliveryModel.updateMany({ _id: { $in: ids.slice(2) } }, { $set: { 'claim.until': new Date(0) } });
    await BusinessModel.updateOne({ _id: business }, { $set: { 'quota.reservations.0.at': new Date(0) } });

    await sweep();
    expect(await statesOf(who, id)).toEqual({ pending: 4, sent: 2, unconfirmed: 4 });
    expect(await usedOf(who)).toBe(6);
    await sweep();
    expect(await usedOf(who)).toBe(6);

    startWorkers();
    await untilCampaign(who, id, 'sent');
    expect(await statesOf(who, id)).toEqual({ sent: 6, unconfirmed: 4 });
    expect(await accepted(who)).toHaveLength(4);
    expect(await usedOf(who)).toBe(10);
  });
});

describe('a worker that stood still for longer than its claim', () => {
  it('gives back what it never sent, and a campaign that was completed meanwhile goes on', async () => {
    const who = await sender();
    const id = await launched(who, people(6));
    const campaign = await DeliveryModel.findOne({ campaign: id }).lean();
    if (!campaign?.campaign) throw new Error('no delivery');
    const token = new Types.ObjectId();
    const { deliveries } = await claim(
      { id: token, n: 6, period: '2026-11', askedAt: performance.now() },
      await findDueOfCampaign(campaign.campaign, 6),
    );
    await DeliveryModel.updateMany({ campaign: id }, { $set: { 'claim.until': new Date(0) } });
    await sweep();
    expect(await statesOf(who, id)).toEqual({ unconfirmed: 6 });
    startWorkers();
    await untilCampaign(who, id, 'sent');

    await giveBack(
      token,
      deliveries.slice(0, 4).map((one) => one._id),
    );
    await sweep();
    await until(async () => (await statesOf(who, id)).sent === 4);
    expect(await statesOf(who, id)).toEqual({ sent: 4, unconfirmed: 2 });
    await untilCampaign(who, id, 'sent');
    expect(await accepted(who)).toHaveLength(4);
  });
});

describe('an ending worker', () => {
  it('finishes its calls, records them and gives the rest back', async () => {
    const who = await sender(100);
    await ses().fail({ kind: 'latency', delayMs: 150, accessKeyId: who.accessKeyId });
    const id = await launched(who, people(300));
    const workers = startOwnWorkers();
    await until(async () => (await accepted(who)).length > 10);
    await workers.close();
    expect(await DeliveryModel.countDocuments({ campaign: id, status: { $in: ['sending', 'unconfirmed'] } })).toBe(0);
    const sent = await DeliveryModel.countDocuments({ campaign: id, status: 'sent' });
    expect(await accepted(who)).toHaveLength(sent);
    expect(await usedOf(who)).toBe(sent);
  });
});
