import { afterEach, describe, expect, it, vi } from 'vitest';
import { DeliveryModel } from '../../src/models/delivery.js';
import { EmailCampaignModel } from '../../src/models/email-campaign.js';
import { SettingModel } from '../../src/models/setting.js';
import { readQueues } from '../../src/queue/queues.js';
import { redis } from '../../src/redis.js';
import { takeTurn } from '../../src/sending/batch/turn.js';
import { createLauncher } from '../../src/sending/campaigns/due.js';
import { isHalted } from '../../src/sending/halt.js';
import { pulse } from '../../src/sending/upkeep/pulse.js';
import { sweep } from '../../src/sending/upkeep/sweep.js';
import { once, superAdmin } from '../support/factories.js';
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

async function say(word: 'pause' | 'resume', body: object = {}) {
  const token = await administrator();
  const answer = await api().post(`/api/admin/sending/${word}`).auth(token, { type: 'bearer' }).send(body).expect(200);
  return answer.body.sending;
}

const isQuiet = async () => (await DeliveryModel.countDocuments({ status: 'sending' })) === 0;
const isEmpty = async () => {
  const { campaigns } = await readQueues();
  return campaigns.active + campaigns.waiting + campaigns.delayed === 0;
};

afterEach(async () => {
  vi.restoreAllMocks();
  await say('resume');
  await until(async () => !(await isHalted()));
});

describe('the hub’s stop of all sending', () => {
  it('bites within a second over all businesses, and everybody is mailed once when it ends', async () => {
    const senders = [await sender(100), await sender(100)];
    const campaigns = await Promise.all(senders.map(async (who) => ({ who, id: await launched(who, people(300)) })));
    startWorkers(2);
    for (const { who } of campaigns) await until(async () => (await accepted(who)).length > 30);

    expect(await say('pause', { reason: 'Complaints' })).toMatchObject({ isPaused: true, reason: 'Complaints' });
    const pausedAt = Date.now();
    await until(isQuiet);
    await until(isEmpty);
    for (const { who, id } of campaigns) {
      const before = await accepted(who);
      expect(Math.max(...before.map((row) => row.at))).toBeLessThan(pausedAt + 1_000);
      expect(before.length).toBeLessThan(300);
      expect((await statesOf(who, id)).pending).toBe(300 - before.length);
      const { campaign } = await as(who, 'get', `/api/campaigns/${id}`);
      expect(campaign).toMatchObject({ status: 'sending', hold: { reason: 'hub_paused' } });
    }

    await say('resume');
    for (const { who, id } of campaigns) {
      await untilCampaign(who, id, 'sent', 60_000);
      const rows = await accepted(who);
      expect(new Set(rows.map((row) => row.recipient)).size).toBe(300);
      expect(rows).toHaveLength(300);
    }
  }, 120_000);

  it('leaves Redis still, also an emptied one, and loses nobody by that', async () => {
    const who = await sender(100);
    const id = await launched(who, people(100));
    startWorkers();
    await until(async () => (await accepted(who)).length > 10);
    await say('pause');
    await until(isHalted);
    await until(isQuiet);
    await redis().flushdb();
    await sweep();
    await pulse();
    expect(await isEmpty()).toBe(true);
    const before = (await accepted(who)).length;
    await say('resume');
    await untilCampaign(who, id, 'sent', 60_000);
    expect(before).toBeLessThan(100);
    const rows = await accepted(who);
    expect(rows).toHaveLength(100);
    expect(new Set(rows.map((row) => row.recipient)).size).toBe(100);
  }, 60_000);

  it('wakes what waits within two seconds of its end', async () => {
    const who = await sender();
    await say('pause');
    await until(isHalted);
    const id = await launched(who, people(5));
    startWorkers();
    await until(isEmpty);
    await say('resume');
    const resumedAt = Date.now();
    await untilCampaign(who, id, 'sent');
    expect(Math.min(...(await accepted(who)).map((row) => row.at))).toBeLessThan(resumedAt + 2_000);
  });

  it('claims nothing, and leaves each pause and hold as it is', async () => {
    const who = await sender();
    const paused = await launched(who, people(3));
    await as(who, 'post', `/api/campaigns/${paused}/pause`);
    await say('pause');
    await until(isHalted);
    const id = await launched(who, people(3));
    const stale = { gateways: undefined, traffic: undefined, signal: undefined } as never;
    expect(await takeTurn(id, stale)).toEqual({ kind: 'over' });
    expect(await DeliveryModel.countDocuments({ campaign: id, status: 'pending' })).toBe(3);
    expect((await EmailCampaignModel.findById(id).lean())?.hold).toBeUndefined();
    expect((await as(who, 'get', `/api/campaigns/${paused}`)).campaign).toMatchObject({
      status: 'paused',
      pause: { reason: 'user' },
      hold: null,
    });
    await say('resume');
    startWorkers();
    await untilCampaign(who, id, 'sent');
    expect((await as(who, 'get', `/api/campaigns/${paused}`)).campaign.status).toBe('paused');
    expect(await statesOf(who, paused)).toEqual({ pending: 3 });
  });

  it('lets no scheduled campaign begin, and launches it when it ends', async () => {
    const who = await sender();
    const id = await draft(who, people(2));
    const scheduledFor = new Date(Date.now() + 60_000).toISOString();
    await as(who, 'post', `/api/campaigns/${id}/schedule`, { scheduledFor });
    await say('pause');
    await until(isHalted);
    await EmailCampaignModel.updateOne({ _id: id }, { scheduledFor: new Date(Date.now() - 60_000) });
    const launcher = createLauncher();
    await launcher.round();
    await launcher.idle();
    expect((await as(who, 'get', `/api/campaigns/${id}`)).campaign.status).toBe('scheduled');
    await say('resume');
    startWorkers();
    await untilCampaign(who, id, 'sent');
    expect(await accepted(who)).toHaveLength(2);
  });

  it('is told in a preflight, and with a campaign, without the administrator’s reason', async () => {
    const who = await sender();
    const id = await draft(who, people(1));
    await say('pause', { reason: 'Between administrators' });
    await until(isHalted);
    const { preflight } = await as(who, 'post', `/api/campaigns/${id}/preflight`);
    expect(preflight.problems).toEqual([]);
    expect(preflight.warnings.map(({ path }: { path: string }) => path)).toContain('hub');
    expect(JSON.stringify(preflight)).not.toContain('Between');
    const { campaigns } = await as(who, 'get', '/api/campaigns');
    expect(campaigns[0].hold).toBeNull();
    const { warnings } = await as(who, 'post', `/api/campaigns/${id}/send`, undefined, 202);
    expect(warnings.map(({ path }: { path: string }) => path)).toContain('hub');
    const listed = (await as(who, 'get', '/api/campaigns')).campaigns[0];
    expect(listed.hold).toMatchObject({ reason: 'hub_paused', until: null });
    expect(JSON.stringify(listed)).not.toContain('Between');
  });

  it('keeps its beginning when it is said twice, and its end when that is', async () => {
    const first = await say('pause', { reason: 'One' });
    expect(await say('pause')).toEqual(first);
    expect(await say('pause', { reason: '$two' })).toEqual({ ...first, reason: '$two' });
    const ended = await say('resume');
    expect(ended).toMatchObject({ isPaused: false, reason: null });
    expect(await say('resume')).toEqual(ended);
    expect(await say('pause')).toMatchObject({ isPaused: true, reason: null });
  });

  it('is read at most twice a second, however many batches ask', async () => {
    const who = await sender();
    const id = await launched(who, people(400));
    const reads = vi.spyOn(SettingModel, 'findById');
    const startedAt = performance.now();
    startWorkers(2);
    await untilCampaign(who, id, 'sent');
    expect(reads.mock.calls.length).toBeLessThanOrEqual(2 * ((performance.now() - startedAt) / 1_000) + 2);
  });

  it('sends nothing while nobody can say whether it is there', async () => {
    const who = await sender(50);
    const id = await launched(who, people(200));
    startWorkers();
    await until(async () => (await accepted(who)).length > 10);
    const broken = vi.spyOn(SettingModel, 'findById').mockImplementation(() => {
      throw new Error('MongoDB is away');
    });
    await until(isQuiet);
    const before = (await accepted(who)).length;
    expect(before).toBeLessThan(200);
    await until(() => broken.mock.calls.length > 4);
    expect((await accepted(who)).length).toBe(before);
    broken.mockRestore();
    await until(() =>
      isHalted().then(
        (is) => !is,
        () => false,
      ),
    );
    await untilCampaign(who, id, 'sent', 60_000);
    expect(await accepted(who)).toHaveLength(200);
  }, 60_000);
});
