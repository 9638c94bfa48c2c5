import { describe, expect, it } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { UserModel } from '../../src/models/user.js';
import { apiKey, connectSes, once, register } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';

useHub();

const bystander = once(register);

const get = (token: string) => api().get('/api/business').auth(token, { type: 'bearer' });
const patch = (token: string, body: object) => api().patch('/api/business').auth(token, { type: 'bearer' }).send(body);
const month = (date: Date) => date.toISOString().slice(0, 7);

describe('GET /api/business', () => {
  it('shows the business, and no secret of it', async () => {
    const who = await register();
    const accessKeyId = await connectSes(who);
    const { body, text } = await get(who.token).expect(200);
    expect(body.business).toMatchObject({
      id: who.businessId,
      status: 'active',
      settings: { defaultFromEmail: null, defaultFromName: null, replyToEmail: null, timezone: 'UTC' },
      sesConfiguration: { configured: true, verified: true, accessKeyId: `AKIA…${accessKeyId.slice(-4)}` },
    });
    expect(text).not.toContain(accessKeyId);
    expect(text).not.toMatch(/secret|"ct"|kid|reservations|accountId/);
  });

  it('counts the messages of this month only', async () => {
    const who = await register();
    const sent = async (period: string) => {
      await BusinessModel.updateOne(
        { _id: who.businessId },
        { $set: { 'quota.period': period, 'subscription.emailsSentThisMonth': 7 } },
      );
      return (await get(who.token)).body.business.subscription.emailsSentThisMonth;
    };
    expect(await sent(month(new Date()))).toBe(7);
    expect(await sent('2020-01')).toBe(0);
  });

  it('is there for every member and key of the business', async () => {
    const who = await register();
    await get(await apiKey(who, ['send_emails'])).expect(200);
    await UserModel.updateOne({ _id: who.userId }, { $set: { permissions: [], role: 'business_user' } });
    await get(who.token).expect(200);
    await api().get('/api/business').expect(401);
  });
});

describe('PATCH /api/business', () => {
  it('changes what is sent and leaves the rest', async () => {
    const { token } = await register();
    await patch(token, { name: 'Whisky', settings: { defaultFromName: 'Ann', replyToEmail: 'Reply@Müller.de' } });
    const { body } = await patch(token, { settings: { timezone: 'Europe/Berlin', replyToEmail: null } }).expect(200);
    expect(body.business).toMatchObject({
      name: 'Whisky',
      settings: { defaultFromName: 'Ann', replyToEmail: null, timezone: 'Europe/Berlin' },
    });
    expect((await get(token)).body).toEqual(body);
  });

  it('takes an empty change as none', async () => {
    const { token } = await register();
    await patch(token, {}).expect(200);
    await patch(token, { settings: {} }).expect(200);
  });

  it.each(['UTC', 'Asia/Kolkata', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5'])(
    'knows the zone %s',
    async (timezone) => {
      const { token } = await register();
      expect((await patch(token, { settings: { timezone } }).expect(200)).body.business.settings.timezone).toBe(
        timezone,
      );
    },
  );

  it.each([
    ['an unknown zone', { settings: { timezone: 'Mars/Olympus' } }, 'settings.timezone'],
    ['an offset for a zone', { settings: { timezone: '+01:00' } }, 'settings.timezone'],
    ['a zone that the database spells otherwise', { settings: { timezone: 'europe/BERLIN' } }, 'settings.timezone'],
    ['an address that is none', { settings: { defaultFromEmail: 'ann' } }, 'settings.defaultFromEmail'],
    ['a name with a line break', { settings: { defaultFromName: 'A\r\nBcc: x' } }, 'settings.defaultFromName'],
    ['an operator for a name', { name: { $gt: '' } }, 'name'],
    ['a plan', { subscription: { plan: 'enterprise' } }, 'subscription'],
    ['a status', { status: 'active' }, 'status'],
    ['a path into the document', { 'settings.timezone': 'UTC' }, 'settings.timezone'],
    ['an unknown setting', { settings: { webhook: 'x' } }, 'settings.webhook'],
  ])('answers 422 to %s', async (_case, body, path) => {
    const { token } = await bystander();
    const answer = await patch(token, body).expect(422);
    expect(answer.body.errors.map((problem: { path: string }) => problem.path)).toEqual([path]);
  });

  it('needs manage_settings', async () => {
    const who = await register();
    await patch(await apiKey(who, ['send_emails']), { name: 'x' }).expect(403);
    await patch(await apiKey(who, ['manage_settings']), { name: 'x' }).expect(200);
  });
});

describe('the limits among the settings', () => {
  it('are kept, and taken away by null', async () => {
    const who = await register();
    const domainLimits = [
      { domain: 'Example.com', dailyCap: 500 },
      { domain: 'new.example.com', warmUp: { startsOn: '2026-12-01', perDay: [50, 100] } },
    ];
    const guard = { maxBouncePercent: 3, minOutcomes: 500 };
    const { body } = await patch(who.token, { settings: { domainLimits, guard, timezone: 'Europe/Berlin' } }).expect(
      200,
    );
    expect(body.business.settings).toMatchObject({
      domainLimits: [{ domain: 'example.com', dailyCap: 500 }, domainLimits[1]],
      guard: { ...guard, maxComplaintPercent: 0.1 },
    });
    const cleared = await patch(who.token, { settings: { domainLimits: null, guard: null, timezone: null } }).expect(
      200,
    );
    expect(cleared.body.business.settings).toMatchObject({
      domainLimits: [],
      guard: { maxBouncePercent: 5, maxComplaintPercent: 0.1, minOutcomes: 1_000 },
      timezone: 'UTC',
    });
  });

  it.each([
    ['a cap of nothing', { domainLimits: [{ domain: 'a.com' }] }, 'settings.domainLimits.0'],
    [
      'a domain twice',
      {
        domainLimits: [
          { domain: 'a.com', dailyCap: 1 },
          { domain: 'A.com', dailyCap: 2 },
        ],
      },
      'settings.domainLimits.1.domain',
    ],
    ['no domain', { domainLimits: [{ domain: 'x', dailyCap: 1 }] }, 'settings.domainLimits.0.domain'],
    [
      'a ramp from no day',
      { domainLimits: [{ domain: 'a.com', warmUp: { startsOn: '2026-02-30', perDay: [1] } }] },
      'settings.domainLimits.0.warmUp.startsOn',
    ],
    [
      'an empty ramp',
      { domainLimits: [{ domain: 'a.com', warmUp: { startsOn: '2026-02-01', perDay: [] } }] },
      'settings.domainLimits.0.warmUp.perDay',
    ],
    ['a guard that never bites', { guard: { maxBouncePercent: 0 } }, 'settings.guard.maxBouncePercent'],
    ['an unknown number', { guard: { x: 1 } }, 'settings.guard.x'],
  ])('refuse %s', async (_what, settings, path) => {
    const { token } = await bystander();
    const { body } = await patch(token, { settings }).expect(422);
    expect(body.errors).toEqual([expect.objectContaining({ path })]);
  });
});
