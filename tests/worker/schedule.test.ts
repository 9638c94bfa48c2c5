import { describe, expect, it } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { DeliveryModel } from '../../src/models/delivery.js';
import { EmailCampaignModel } from '../../src/models/email-campaign.js';
import { EventModel } from '../../src/models/event.js';
import { redis } from '../../src/redis.js';
import { pulse } from '../../src/sending/upkeep/pulse.js';
import { useHub } from '../support/hub.js';
import {
  accepted,
  as,
  draft,
  launched,
  people,
  sender,
  ses,
  statesOf,
  untilCampaign,
  useWorkers,
} from '../support/sending.js';
import { until } from '../support/until.js';

useHub();
const startWorkers = useWorkers();

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const typesOf = async (campaign: string) =>
  (
    await EventModel.find({ campaign, type: /^campaign\./ })
      .sort({ _id: 1 })
      .lean()
  ).map(({ type }) => type);

describe('a scheduled campaign', () => {
  it('goes out at its time, once, within five seconds, though Redis was emptied and four workers are up', async () => {
    const who = await sender();
    const recipients = people(20);
    const id = await draft(who, recipients);
    const scheduledFor = inMs(2_000);
    await as(who, 'post', `/api/campaigns/${id}/schedule`, { scheduledFor });
    await redis().flushdb();
    startWorkers(4);
    const campaign = await untilCampaign(who, id, 'sent');
    const lateMs = Date.parse(campaign.launchedAt) - Date.parse(scheduledFor);
    expect(lateMs).toBeGreaterThanOrEqual(0);
    expect(lateMs).toBeLessThan(5_000);
    const rows = await accepted(who);
    expect(rows.map((row) => row.recipient).sort()).toEqual(recipients.map(({ email }) => email).sort());
    await until(async () => (await typesOf(id)).length === 2);
    expect(await typesOf(id)).toEqual(['campaign.started', 'campaign.completed']);
  });

  it('takes edits and recipients until then', async () => {
    const who = await sender();
    const id = await draft(who, people(1));
    await as(who, 'post', `/api/campaigns/${id}/schedule`, { scheduledFor: inMs(1_500) });
    await as(who, 'patch', `/api/campaigns/${id}`, { subject: 'The later one' });
    await as(who, 'post', `/api/campaigns/${id}/recipients`, { recipients: people(2) });
    startWorkers();
    await untilCampaign(who, id, 'sent');
    const rows = await accepted(who);
    expect(rows).toHaveLength(3);
    expect(await ses().raw(rows[0]?.messageId ?? '')).toContain('Subject: The later one');
  });

  it('pauses when its time was missed by more than six hours, and goes out when it is resumed', async () => {
    const who = await sender();
    const id = await draft(who, people(2));
    await as(who, 'post', `/api/campaigns/${id}/schedule`, { scheduledFor: inMs(60_000) });
    await EmailCampaignModel.updateOne({ _id: id }, { scheduledFor: new Date(Date.now() - 6.5 * 3_600_000) });
    startWorkers();
    const paused = await untilCampaign(who, id, 'paused');
    expect(paused).toMatchObject({ pause: { reason: 'missed_schedule' }, launchedAt: null });
    expect(await accepted(who)).toEqual([]);
    await as(who, 'post', `/api/campaigns/${id}/resume`);
    await untilCampaign(who, id, 'sent');
    expect(await statesOf(who, id)).toEqual({ sent: 2 });
  });

  it('goes out when it was missed by less', async () => {
    const who = await sender();
    const id = await draft(who, people(2));
    await as(who, 'post', `/api/campaigns/${id}/schedule`, { scheduledFor: inMs(60_000) });
    await EmailCampaignModel.updateOne({ _id: id }, { scheduledFor: new Date(Date.now() - 5.5 * 3_600_000) });
    startWorkers();
    await untilCampaign(who, id, 'sent');
  });

  it('pauses with everything that is wrong when it does not pass its preflight', async () => {
    const who = await sender();
    const id = await draft(who, []);
    await as(who, 'post', `/api/campaigns/${id}/schedule`, { scheduledFor: inMs(1_000) });
    await BusinessModel.updateOne({ _id: who.businessId }, { 'sesConfiguration.verified': false });
    startWorkers();
    const { pause } = await untilCampaign(who, id, 'paused');
    expect(pause).toMatchObject({ reason: 'preflight_failed', message: expect.stringMatching(/recipients.*SES/) });
    await until(async () => (await typesOf(id)).length > 0);
    expect(await typesOf(id)).toEqual(['campaign.paused']);
  });

  it('waits for an import to end', async () => {
    const who = await sender();
    const id = await draft(who, people(1));
    await as(who, 'post', `/api/campaigns/${id}/schedule`, { scheduledFor: inMs(1_000) });
    const lease = { token: '0'.repeat(24), until: new Date(Date.now() + 4_000) };
    await EmailCampaignModel.updateOne({ _id: id }, { $push: { imports: lease } });
    startWorkers();
    const { launchedAt } = await untilCampaign(who, id, 'sent');
    expect(Date.parse(launchedAt)).toBeGreaterThanOrEqual(lease.until.getTime() - 50);
  });
});

describe('a campaign past its end', () => {
  it('pauses while it runs, and goes on with a later one', async () => {
    const who = await sender(20);
    startWorkers();
    const id = await launched(who, people(400), { expiresAt: inMs(6_000) });
    const { pause, expiresAt } = await untilCampaign(who, id, 'paused');
    expect(pause.reason).toBe('expired');
    await until(async () => (await DeliveryModel.countDocuments({ campaign: id, status: 'sending' })) === 0);
    const rows = await accepted(who);
    expect(rows.length).toBeGreaterThan(0);
    expect(Math.max(...rows.map(({ at }) => at))).toBeLessThan(Date.parse(expiresAt) + 1_500);
    await pulse();
    await as(who, 'post', `/api/campaigns/${id}/resume`, { expiresAt: inMs(3_600_000) });
    await until(async () => (await accepted(who)).length > rows.length);
  });

  it('pauses before it begins', async () => {
    const who = await sender();
    const id = await draft(who, people(2));
    await as(who, 'post', `/api/campaigns/${id}/schedule`, { scheduledFor: inMs(1_000) });
    await EmailCampaignModel.updateOne({ _id: id }, { expiresAt: new Date(Date.now() - 1_000) });
    startWorkers();
    expect((await untilCampaign(who, id, 'paused')).pause.reason).toBe('expired');
  });
});
