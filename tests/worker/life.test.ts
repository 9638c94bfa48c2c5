import { describe, expect, it } from 'vitest';
import { DeliveryModel } from '../../src/models/delivery.js';
import { sweep } from '../../src/sending/upkeep/sweep.js';
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

const isQuiet = (id: string) => async () =>
  (await DeliveryModel.countDocuments({ campaign: id, status: 'sending' })) === 0;

describe('a running campaign', () => {
  it('stops within a second when it is paused, and goes on where it stopped', async () => {
    const who = await sender(200);
    const id = await launched(who, people(600));
    startWorkers(2);
    await until(async () => (await accepted(who)).length > 50);
    const { campaign } = await as(who, 'post', `/api/campaigns/${id}/pause`);
    const pausedAt = Date.now();
    expect(campaign).toMatchObject({ status: 'paused', pause: { reason: 'user' } });
    await until(isQuiet(id));
    const before = await accepted(who);
    expect(Math.max(...before.map((row) => row.at))).toBeLessThan(pausedAt + 1_000);
    expect(before.length).toBeLessThan(600);
    await sweep();
    expect((await as(who, 'get', `/api/campaigns/${id}`)).campaign.status).toBe('paused');

    await as(who, 'post', `/api/campaigns/${id}/resume`);
    await untilCampaign(who, id, 'sent');
    const rows = await accepted(who);
    expect(rows).toHaveLength(600);
    expect(new Set(rows.map((row) => row.recipient)).size).toBe(600);
  });

  it('mails nobody more when it is cancelled, and everybody is accounted for', async () => {
    const who = await sender(200);
    const id = await launched(who, people(600));
    startWorkers();
    await until(async () => (await accepted(who)).length > 50);
    await as(who, 'post', `/api/campaigns/${id}/cancel`);
    const campaign = await until(async () => {
      await sweep();
      const now = (await as(who, 'get', `/api/campaigns/${id}`)).campaign;
      return now.completedAt ? now : undefined;
    });
    expect(campaign.status).toBe('cancelled');
    const states = await statesOf(who, id);
    expect(states.sent).toBe((await accepted(who)).length);
    expect((states.sent ?? 0) + (states.cancelled ?? 0)).toBe(600);
    for (const move of ['resume', 'send', 'pause', 'cancel']) {
      const answer = await api().post(`/api/campaigns/${id}/${move}`).auth(who.token, { type: 'bearer' });
      expect([answer.status, answer.body.code]).toEqual([409, 'invalid_transition']);
    }
  });
});

describe('a draft', () => {
  it('can be cancelled, and neither paused nor resumed', async () => {
    const who = await sender();
    const id = await draft(who, people(2));
    for (const move of ['pause', 'resume']) {
      await api().post(`/api/campaigns/${id}/${move}`).auth(who.token, { type: 'bearer' }).expect(409);
    }
    await as(who, 'post', `/api/campaigns/${id}/cancel`);
    await sweep();
    expect(await statesOf(who, id)).toEqual({ cancelled: 2 });
  });
});
