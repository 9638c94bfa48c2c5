import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { DeliveryModel } from '../../src/models/delivery.js';
import { EmailCampaignModel } from '../../src/models/email-campaign.js';
import { sweep } from '../../src/sending/upkeep/sweep.js';
import { apiKey, connectSes, once, type Registered, register, unique } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { as, draft, people, sender, ses } from '../support/sending.js';

useHub();

const post = (token: string, path: string, body: object = {}) =>
  api().post(`/api/campaigns/${path}`).auth(token, { type: 'bearer' }).send(body);

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const tomorrow = () => inMs(86_400_000);
const set = (id: string, fields: object) => EmailCampaignModel.updateOne({ _id: id }, { $set: fields });

describe('the moves of a campaign', () => {
  const MOVES = {
    send: { from: ['draft'], body: {} },
    schedule: { from: ['draft'], body: { scheduledFor: tomorrow() } },
    unschedule: { from: ['scheduled'], body: {} },
    pause: { from: ['sending'], body: {} },
    resume: { from: ['paused'], body: {} },
    cancel: { from: ['draft', 'scheduled', 'sending', 'paused'], body: {} },
    retry: { from: ['sent'], body: { statuses: ['failed'] } },
  } as const;
  const STATUSES = ['draft', 'scheduled', 'sending', 'paused', 'sent', 'cancelled'] as const;
  const who = once(sender);

  it.each(
    STATUSES.flatMap((status) => Object.entries(MOVES).map(([move, { from, body }]) => ({ status, move, from, body }))),
  )('a $status one and $move', async ({ status, move, from, body }) => {
    const id = await draft(await who(), people(1));
    const isLaunched = !['draft', 'scheduled'].includes(status);
    await set(id, {
      status,
      ...(isLaunched
        ? { launchedAt: new Date(), frozen: { subject: 's', text: 't', fromEmail: 'a@example.com' } }
        : {}),
      ...(status === 'paused' ? { pause: { reason: 'user', message: '', at: new Date() } } : {}),
    });
    await DeliveryModel.updateMany({ campaign: id }, { status: 'failed', failedAt: new Date() });
    if (status === 'draft') await DeliveryModel.updateMany({ campaign: id }, { status: 'pending' });
    const answer = await post((await who()).token, `${id}/${move}`, body);
    const isLegal = (from as readonly string[]).includes(status);
    expect(answer.status).toBe(isLegal ? (['send', 'retry'].includes(move) ? 202 : 200) : 409);
    if (!isLegal) expect(answer.body.code).toBe('invalid_transition');
    const after = (await EmailCampaignModel.findById(id).lean())?.status;
    if (!isLegal) expect(after).toBe(status);
  });

  it('need the permission to send, and are another tenant’s 404', async () => {
    const { token } = await who();
    const id = await draft(await who(), people(1));
    const reader = await apiKey(await who(), ['manage_campaigns', 'view_analytics']);
    const stranger = await register();
    for (const [move, { body }] of Object.entries(MOVES)) {
      await post(reader, `${id}/${move}`, body).expect(403);
      expect((await post(stranger.token, `${id}/${move}`, body).expect(404)).body.code).toBe('not_found');
      await post(token, `${new Types.ObjectId()}/${move}`, body).expect(404);
    }
    for (const path of ['preflight', 'test', 'duplicate']) {
      await post(stranger.token, `${id}/${path}`, path === 'test' ? { to: ['a@example.com'] } : {}).expect(404);
    }
    expect((await EmailCampaignModel.findById(id).lean())?.status).toBe('draft');
  });
});

describe('POST /api/campaigns/:id/schedule', () => {
  it('keeps the time, says what a check finds now, and takes it back', async () => {
    const who = await sender();
    const id = await draft(who, [], { subject: undefined });
    const scheduledFor = tomorrow();
    const { body } = await post(who.token, `${id}/schedule`, { scheduledFor }).expect(200);
    expect(body.campaign).toMatchObject({ status: 'scheduled', schedule: 'scheduled', scheduledFor });
    expect(body.preflight.problems.map(({ path }: { path: string }) => path)).toEqual(['subject', 'recipients']);
    await as(who, 'patch', `/api/campaigns/${id}`, { subject: 'Now there is one' });
    const { campaign } = await as(who, 'post', `/api/campaigns/${id}/unschedule`);
    expect(campaign).toMatchObject({ status: 'draft', schedule: 'immediate', scheduledFor: null });
  });

  it.each([
    ['nothing', {}],
    ['no offset', { scheduledFor: '2099-12-24T09:00:00' }],
    ['a word', { scheduledFor: 'tomorrow' }],
    ['the past', { scheduledFor: '2020-01-01T00:00:00Z' }],
    ['after its end', { scheduledFor: inMs(3 * 86_400_000) }],
  ])('refuses %s with 422 at scheduledFor', async (_what, input) => {
    const who = await register();
    const id = await draft(who, [], { expiresAt: inMs(2 * 86_400_000) });
    const { body } = await post(who.token, `${id}/schedule`, input).expect(422);
    expect(body.errors).toEqual([expect.objectContaining({ path: 'scheduledFor' })]);
    expect((await EmailCampaignModel.findById(id).lean())?.status).toBe('draft');
  });
});

describe('POST /api/campaigns/:id/resume', () => {
  it('goes on after the guard only at a word, and after its end only with another', async () => {
    const who = await sender();
    const id = await draft(who, people(1));
    await set(id, {
      status: 'paused',
      launchedAt: new Date(),
      pause: { reason: 'reputation', message: '60 bounced', at: new Date() },
    });
    expect((await post(who.token, `${id}/resume`).expect(409)).body).toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('acknowledge'),
    });
    await post(who.token, `${id}/resume`, { acknowledge: true }).expect(200);
    expect((await EmailCampaignModel.findById(id).lean())?.guard).toMatchObject({ sentBefore: 0 });

    await set(id, { status: 'paused', expiresAt: new Date(0), pause: { reason: 'expired', at: new Date() } });
    const refusal = await post(who.token, `${id}/resume`).expect(422);
    expect(refusal.body).toMatchObject({ code: 'preflight_failed', errors: [{ path: 'expiresAt' }] });
    const past = await post(who.token, `${id}/resume`, { expiresAt: '2020-01-01T00:00:00Z' }).expect(422);
    expect(past.body).toMatchObject({ code: 'validation_failed', errors: [{ path: 'expiresAt' }] });
    const { body } = await post(who.token, `${id}/resume`, { expiresAt: tomorrow() }).expect(200);
    expect(body.campaign).toMatchObject({ status: 'sending', pause: null });
  });

  it('checks and launches what was withheld', async () => {
    const who = await sender();
    const id = await draft(who, [], { content: undefined });
    await set(id, { status: 'paused', pause: { reason: 'preflight_failed', message: '', at: new Date() } });
    expect(
      (await post(who.token, `${id}/resume`).expect(422)).body.errors.map((one: { path: string }) => one.path),
    ).toEqual(['content', 'recipients']);
    await as(who, 'patch', `/api/campaigns/${id}`, { content: { text: 'Hello' } });
    await as(who, 'post', `/api/campaigns/${id}/recipients`, { recipients: people(2) });
    const { body } = await post(who.token, `${id}/resume`).expect(200);
    expect(body.campaign).toMatchObject({ status: 'sending', launchedAt: expect.any(String) });
  });
});

describe('what would only stop again', () => {
  it('is not resumed or retried, and the answer says why', async () => {
    const who = await sender();
    const id = await draft(who, people(1));
    await set(id, { status: 'paused', launchedAt: new Date(), pause: { reason: 'credentials', at: new Date() } });
    await BusinessModel.updateOne({ _id: who.businessId }, { 'sesConfiguration.verified': false });
    const { body } = await post(who.token, `${id}/resume`).expect(422);
    expect(body).toMatchObject({ code: 'preflight_failed', errors: [{ path: 'ses' }] });

    await set(id, { status: 'sent', expiresAt: new Date(0), completedAt: new Date() });
    await DeliveryModel.updateMany({ campaign: id }, { status: 'failed', failedAt: new Date() });
    await BusinessModel.updateOne({ _id: who.businessId }, { 'sesConfiguration.verified': true });
    const again = { statuses: ['failed', 'failed'] };
    expect((await post(who.token, `${id}/retry`, again).expect(422)).body.errors).toMatchObject([
      { path: 'expiresAt' },
    ]);
    const { retried } = (await post(who.token, `${id}/retry`, { ...again, expiresAt: tomorrow() }).expect(202)).body;
    expect(retried).toEqual({ failed: 1, unconfirmed: 0 });
  });

  it('and a word about the guard moves its window only after the guard’s pause', async () => {
    const who = await sender();
    const id = await draft(who, people(1));
    await set(id, { status: 'paused', launchedAt: new Date(), pause: { reason: 'user', at: new Date() } });
    await post(who.token, `${id}/resume`, { acknowledge: true }).expect(200);
    expect((await BusinessModel.findById(who.businessId).lean())?.guardSince).toBeUndefined();
  });
});

describe('a move that takes nothing', () => {
  it.each(['send', 'preflight', 'cancel', 'pause', 'unschedule'])(
    '%s refuses what it does not know, and moves nothing',
    async (move) => {
      const who = await sender();
      const id = await draft(who, people(1));
      const { body } = await post(who.token, `${id}/${move}`, { dryRun: true }).expect(422);
      expect(body.errors).toEqual([{ path: 'dryRun', message: 'is not a known field' }]);
      const query = await post(who.token, `${id}/${move}?dryRun=true`).expect(422);
      expect(query.body.errors).toEqual([{ path: 'dryRun', message: 'is not a known field' }]);
      const call = () => api().post(`/api/campaigns/${id}/${move}`).auth(who.token, { type: 'bearer' });
      await call().set('Content-Type', 'application/json').send('{"dryRun":true').expect(400);
      await call().set('Content-Type', 'text/plain').send('garbage').expect(415);
      expect((await EmailCampaignModel.findById(id).lean())?.status).toBe('draft');
    },
  );
});

describe('a scheduled campaign', () => {
  it('gets another time, which lies before its end', async () => {
    const who = await sender();
    const id = await draft(who, people(1));
    const early = await api()
      .patch(`/api/campaigns/${id}`)
      .auth(who.token, { type: 'bearer' })
      .send({ scheduledFor: tomorrow() });
    expect([early.status, early.body.errors?.[0]?.path]).toEqual([422, 'scheduledFor']);
    await as(who, 'post', `/api/campaigns/${id}/schedule`, { scheduledFor: tomorrow() });
    const scheduledFor = inMs(3 * 86_400_000);
    expect((await as(who, 'patch', `/api/campaigns/${id}`, { scheduledFor })).campaign).toMatchObject({ scheduledFor });
    const writer = await apiKey(who, ['manage_campaigns']);
    const moved = await api().patch(`/api/campaigns/${id}`).set('X-API-Key', writer).send({ scheduledFor: tomorrow() });
    expect([moved.status, moved.body.code]).toEqual([403, 'forbidden']);
    await api().patch(`/api/campaigns/${id}`).set('X-API-Key', writer).send({ name: 'Other' }).expect(200);
    expect((await EmailCampaignModel.findById(id).lean())?.scheduledFor?.toISOString()).toBe(scheduledFor);
    const { errors } = await as(who, 'patch', `/api/campaigns/${id}`, { expiresAt: inMs(2 * 86_400_000) }, 422);
    expect(errors).toEqual([expect.objectContaining({ path: 'expiresAt' })]);
  });
});

describe('POST /api/campaigns/:id/pause', () => {
  it('keeps one that the month’s limit paused from going on by itself', async () => {
    const who = await sender();
    const id = await draft(who, people(1));
    await set(id, {
      status: 'paused',
      launchedAt: new Date(),
      frozen: { subject: 's', text: 't', fromEmail: 'a@example.com' },
      pause: { reason: 'quota_exceeded', message: '', at: new Date() },
    });
    const { campaign } = await as(who, 'post', `/api/campaigns/${id}/pause`);
    expect(campaign).toMatchObject({ status: 'paused', pause: { reason: 'user' } });
    await sweep();
    expect((await as(who, 'get', `/api/campaigns/${id}`)).campaign.status).toBe('paused');
  });
});

describe('POST /api/campaigns/:id/duplicate', () => {
  it('makes a draft of the same content without the recipients', async () => {
    const who = await sender();
    const id = await draft(who, people(3), {
      fromName: 'Whisky',
      ratePerSecond: 5,
      dailyCap: 100,
      expiresAt: tomorrow(),
    });
    await as(who, 'post', `/api/campaigns/${id}/send`, undefined, 202);
    const { campaign: original } = await as(who, 'get', `/api/campaigns/${id}`);
    const { campaign } = await as(who, 'post', `/api/campaigns/${id}/duplicate`, {}, 201);
    expect(campaign).toMatchObject({
      name: `Copy of ${original.name}`,
      status: 'draft',
      subject: 'Hello {{ name }}',
      content: original.content,
      fromName: 'Whisky',
      ratePerSecond: 5,
      dailyCap: 100,
      expiresAt: null,
      launchedAt: null,
    });
    expect(campaign.id).not.toBe(id);
    expect((await as(who, 'get', `/api/campaigns/${campaign.id}/recipients`)).recipients).toEqual([]);
    const named = await as(who, 'post', `/api/campaigns/${id}/duplicate`, { name: 'Second' }, 201);
    expect(named.campaign.name).toBe('Second');
  });
});

describe('DELETE /api/campaigns/:id', () => {
  const remove = (who: Registered, id: string) =>
    api().delete(`/api/campaigns/${id}`).auth(who.token, { type: 'bearer' });

  it('deletes a draft with its recipients, at once for everybody', async () => {
    const who = await register();
    const id = await draft(who, people(30));
    await remove(who, id).expect(200, { success: true });
    for (const path of [id, `${id}/stats`, `${id}/recipients`]) {
      await api().get(`/api/campaigns/${path}`).auth(who.token, { type: 'bearer' }).expect(404);
    }
    await post(who.token, `${id}/recipients`, { recipients: people(1) }).expect(404);
    expect((await as(who, 'get', '/api/campaigns')).campaigns).toEqual([]);
    await remove(who, id).expect(404);
    await sweep();
    expect(await EmailCampaignModel.exists({ _id: id })).toBeNull();
    expect(await DeliveryModel.countDocuments({ campaign: id })).toBe(0);
  });

  it('archives what is over, and refuses what is under way', async () => {
    const who = await sender();
    const id = await draft(who, people(1));
    await as(who, 'post', `/api/campaigns/${id}/send`, undefined, 202);
    expect((await remove(who, id).expect(409)).body.code).toBe('invalid_transition');
    await set(id, { status: 'sent', completedAt: new Date() });
    await remove(who, id).expect(200);
    expect((await as(who, 'get', '/api/campaigns')).campaigns).toEqual([]);
    const { campaigns } = await as(who, 'get', '/api/campaigns?archived=true');
    expect(campaigns).toEqual([expect.objectContaining({ id, archivedAt: expect.any(String) })]);
    expect((await as(who, 'get', `/api/campaigns/${id}/stats`)).stats.total).toBe(1);
  });

  it('needs the permission', async () => {
    const who = await register();
    const id = await draft(who, []);
    await api()
      .delete(`/api/campaigns/${id}`)
      .auth(await apiKey(who, ['send_emails']), { type: 'bearer' })
      .expect(403);
    await remove(await register(), id).expect(404);
  });
});

describe('the limits of a campaign', () => {
  it.each([
    ['ratePerSecond', 0],
    ['ratePerSecond', '5'],
    ['dailyCap', 0],
    ['dailyCap', 1.5],
    ['expiresAt', '2020-01-01T00:00:00Z'],
    ['expiresAt', '2099-01-01'],
  ])('refuses %s = %s', async (field, value) => {
    const who = await register();
    const { body } = await post(who.token, '', { name: unique(), [field]: value }).expect(422);
    expect(body.errors).toEqual([expect.objectContaining({ path: field })]);
  });

  it('are kept, changed and taken away', async () => {
    const who = await register();
    const id = await draft(who, [], { ratePerSecond: 0.5, dailyCap: 10 });
    const { campaign } = await as(who, 'patch', `/api/campaigns/${id}`, { ratePerSecond: null, dailyCap: 20 });
    expect(campaign).toMatchObject({ ratePerSecond: null, dailyCap: 20 });
  });
});

describe('POST /api/campaigns/:id/test', () => {
  it.each([
    ['nobody', { to: [] }, 'to'],
    ['eleven', { to: people(11).map(({ email }) => email) }, 'to'],
    ['no address', { to: ['nobody'] }, 'to.0'],
    ['a reserved variable', { to: ['a@example.com'], variables: JSON.parse('{"__proto__":1}') }, 'variables'],
  ])('refuses %s', async (_what, input, path) => {
    const who = await register();
    const id = await draft(who, []);
    const { body } = await post(who.token, `${id}/test`, input).expect(422);
    expect(body.errors).toEqual([expect.objectContaining({ path })]);
  });

  it('says what is missing for it, and asks for an account', async () => {
    const who = await register();
    const id = await draft(who, [], { content: undefined });
    expect((await post(who.token, `${id}/test`, { to: ['a@example.com'] }).expect(422)).body.code).toBe(
      'ses_not_configured',
    );
    await connectSes(who);
    const { body } = await post(who.token, `${id}/test`, { to: ['a@example.com'] }).expect(422);
    expect(body).toMatchObject({ code: 'preflight_failed', errors: [{ path: 'content' }] });
  });

  it('without a worker answers after three seconds that it waits', async () => {
    const who = await sender();
    const id = await draft(who, people(1));
    const { body } = await post(who.token, `${id}/test`, { to: ['Ann <ann@example.com>'] }).expect(202);
    expect(body.recipients).toEqual([expect.objectContaining({ email: 'ann@example.com', status: 'pending' })]);
    expect(await ses().recipients({ accessKeyId: who.accessKeyId })).toEqual([]);
  });
});
