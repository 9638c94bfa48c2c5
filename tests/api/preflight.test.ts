import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { redis } from '../../src/redis.js';
import { suppress } from '../../src/sending/suppression.js';
import { connectSes, register, sendsFrom } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { as, draft, people, type Sender, sender, ses } from '../support/sending.js';
import { until } from '../support/until.js';

useHub();

const preflight = async (who: Sender, id: string) =>
  (await as(who, 'post', `/api/campaigns/${id}/preflight`)).preflight;

const template = async (who: Sender, fields: object) =>
  (await as(who, 'post', '/api/templates', { name: 'T', subject: 'Hi', ...fields }, 201)).template.id;

const refused = async (who: Sender, id: string) => {
  const { body } = await api().post(`/api/campaigns/${id}/send`).auth(who.token, { type: 'bearer' }).expect(422);
  return body;
};

describe('POST /api/campaigns/:id/preflight', () => {
  it('says what would happen, and changes nothing', async () => {
    const who = await sender(50);
    const recipients = people(120);
    const id = await draft(who, recipients);
    for (const { email } of recipients.slice(0, 4)) {
      await suppress({ businessId: new Types.ObjectId(who.businessId) }, email, 'unsubscribed', 'test');
    }
    const found = await preflight(who, id);
    expect(found).toMatchObject({
      problems: [],
      recipients: 120,
      suppressed: 4,
      quota: { limit: 1_000, used: 0, left: 1_000 },
      ses: { quota: { maxPerSecond: 50, maxPer24Hours: -1 }, sendingEnabled: true, sender: 'unverified' },
      missingVariables: [],
      expectedSeconds: 3,
      expectedDays: 1,
    });
    expect(found.warnings.map(({ path }: { path: string }) => path)).toEqual(['recipients', 'fromEmail']);
    expect((await as(who, 'get', `/api/campaigns/${id}`)).campaign.status).toBe('draft');
  });

  it('names every problem at once, the same that a send is refused for', async () => {
    const who = await sender();
    const id = await draft(who, [], { subject: undefined, content: undefined });
    await BusinessModel.updateOne({ _id: who.businessId }, { $unset: { 'sesConfiguration.secretAccessKey': 1 } });
    const { problems } = await preflight(who, id);
    expect(problems.map(({ path }: { path: string }) => path)).toEqual(['subject', 'content', 'recipients', 'ses']);
    expect((await refused(who, id)).errors).toEqual(problems);
  });

  it('knows a verified sender, also by its parent domain, and an account that may not send', async () => {
    const who = await sender();
    await sendsFrom(who, 'shop.test');
    const id = await draft(who, people(1), { fromEmail: 'news@mail.shop.test' });
    await ses().changeIdentity({ accessKeyId: who.accessKeyId, identity: 'shop.test', status: 'Success' });
    await ses().changeAccount(who.accessKeyId, { sendingEnabled: false });
    const found = await preflight(who, id);
    expect(found.ses).toMatchObject({ sendingEnabled: false, sender: 'verified' });
    expect(found.warnings).toEqual([]);
    expect((await refused(who, id)).errors).toEqual([
      { path: 'ses', message: expect.stringContaining('switched off') },
    ]);
  });

  it('refuses a domain that is not the business’s own and verified, wherever it comes to send', async () => {
    const who = await sender();
    const id = await draft(who, people(1), { fromEmail: 'news@neighbour.test' });
    await ses().changeIdentity({ accessKeyId: who.accessKeyId, identity: 'neighbour.test', status: 'Success' });
    const errors = [{ path: 'domain', message: expect.stringMatching(/neighbour.test is not one of/) }];
    expect((await preflight(who, id)).problems).toEqual(errors);
    expect(await refused(who, id)).toMatchObject({ code: 'domain_not_verified', errors });
    const test = api().post(`/api/campaigns/${id}/test`).auth(who.token, { type: 'bearer' });
    expect((await test.send({ to: ['a@b.org'] }).expect(422)).body.code).toBe('domain_not_verified');

    await BusinessModel.updateOne(
      { _id: who.businessId },
      { $push: { sendingDomains: { domain: 'neighbour.test', verified: false } } },
    );
    expect((await refused(who, id)).message).toMatch(/neighbour.test is not verified/);
    const empty = await draft(who, [], { fromEmail: 'news@neighbour.test' });
    expect((await refused(who, empty)).code).toBe('preflight_failed');
  });

  it('asks SES once a minute, and warns where it does not answer', async () => {
    const who = await sender();
    const id = await draft(who, people(1));
    const before = (await ses().totals()).calls.GetAccountSendingEnabled ?? 0;
    await preflight(who, id);
    await preflight(who, id);
    expect((await ses().totals()).calls.GetAccountSendingEnabled).toBe(before + 1);

    await redis().flushdb();
    for (const action of ['GetSendQuota', 'GetAccountSendingEnabled', 'GetIdentityVerificationAttributes']) {
      await ses().fail({ kind: 'error', action, code: 'Throttling', status: 400, accessKeyId: who.accessKeyId });
    }
    const found = await preflight(who, id);
    expect(found).toMatchObject({
      problems: [],
      ses: { quota: null, sendingEnabled: null, sender: null },
      expectedSeconds: null,
    });
    expect(found.warnings).toEqual([{ path: 'fromEmail', message: expect.stringContaining('does not say') }]);
  });

  it('counts who lacks a required variable, all of them, and refuses to send', async () => {
    const who = await sender();
    const withCode = people(60).map((one, n) => ({
      ...one,
      variables: n % 3 === 0 ? { code: ' ' } : { code: `c${n}` },
    }));
    const variables = [
      { name: 'code', required: true },
      { name: 'greeting', required: true, defaultValue: 'Hello' },
      { name: 'name', required: true },
    ];
    const content = { text: '{{ greeting }} {{ name }} {{ code }} {{ extra }}' };
    const id = await draft(who, withCode, {
      template: await template(who, { content, variables }),
      content: undefined,
      subject: undefined,
    });
    const found = await preflight(who, id);
    expect(found.missingVariables).toEqual([
      { name: 'code', required: true, recipients: 20 },
      { name: 'extra', required: false, recipients: 60 },
    ]);
    expect((await refused(who, id)).errors).toEqual([
      { path: 'recipients', message: '“code” is missing for 20 of 60 recipients: it is required and has no default' },
    ]);
  });

  it('refuses content that would hide the way out', async () => {
    const who = await sender();
    const id = await draft(who, people(1), { content: { html: '<p>a</p><!-- never closed' } });
    const errors = [{ path: 'content.html', message: expect.stringContaining('never closed') }];
    expect((await preflight(who, id)).problems).toEqual(errors);
    expect(await refused(who, id)).toMatchObject({ errors });
  });

  it('refuses content that takes too long to render', async () => {
    const who = await sender();
    const slow = '{% for a in (1..400) %}{% for b in (1..400) %}{{ a }}{% endfor %}{% endfor %}'.repeat(3);
    const id = await draft(who, people(30), { content: { text: slow } });
    expect((await refused(who, id)).errors).toEqual([
      { path: expect.stringMatching(/^content/), message: expect.stringMatching(/render|large/) },
    ]);
  });

  it('warns of content that fails for some', async () => {
    const who = await sender();
    const some = people(20).map((one, n) => ({ ...one, variables: { day: n < 3 ? 'x'.repeat(3_000) : 'y' } }));
    const content = { text: '{% if day.size > 100 %}{% for a in (1..99999999) %}{{ a }}{% endfor %}{% endif %}ok' };
    const id = await draft(who, some, { content });
    const { warnings, problems } = await preflight(who, id);
    expect(problems).toEqual([]);
    expect(warnings).toContainEqual({
      path: 'content.text',
      message: expect.stringMatching(/^fails for 3 of 20 recipients/),
    });
  });

  it('warns of a month, a day and an end that are too short', async () => {
    const who = await sender(10);
    await BusinessModel.updateOne({ _id: who.businessId }, { $set: { 'subscription.emailsPerMonth': 30 } });
    await ses().changeAccount(who.accessKeyId, { max24HourSend: 200, sentLast24Hours: 190 });
    await redis().flushdb();
    const id = await draft(who, people(60), {
      dailyCap: 25,
      expiresAt: new Date(Date.now() + 3_000).toISOString(),
    });
    const { warnings, expectedDays } = await preflight(who, id);
    const texts = warnings.map(({ path, message }: { path: string; message: string }) => `${path}: ${message}`);
    expect(texts).toEqual(
      expect.arrayContaining([
        expect.stringContaining('quota: 30 of the month’s 30 messages are left'),
        expect.stringContaining('ses: 10 of the SES account’s 200 messages'),
        expect.stringContaining('dailyCap: it goes out over 3 days'),
        expect.stringContaining('expiresAt: sending takes longer'),
      ]),
    );
    expect(expectedDays).toBe(3);
  });

  it('knows what a campaign is, and what was frozen into it', async () => {
    const who = await sender();
    const templateId = await template(who, { content: { text: 'Hello' } });
    const id = await draft(who, people(2), { template: templateId, content: undefined, subject: undefined });
    await as(who, 'post', `/api/campaigns/${id}/send`, undefined, 202);
    await api().delete(`/api/templates/${templateId}`).auth(who.token, { type: 'bearer' }).expect(200);
    expect((await preflight(who, id)).problems).toEqual([{ path: 'status', message: 'it is sending already' }]);
    await as(who, 'post', `/api/campaigns/${id}/cancel`);
    expect((await preflight(who, id)).problems).toEqual([{ path: 'status', message: 'it is cancelled already' }]);

    const gone = await draft(who, people(2), {
      template: await template(who, { content: { text: 'x' } }),
      content: undefined,
    });
    const { campaign } = await as(who, 'get', `/api/campaigns/${gone}`);
    await api().delete(`/api/templates/${campaign.template}`).auth(who.token, { type: 'bearer' }).expect(200);
    expect((await preflight(who, gone)).problems).toEqual([{ path: 'template', message: 'its template is gone' }]);
    const copy = await as(who, 'post', `/api/campaigns/${id}/duplicate`, {}, 201);
    expect(copy.campaign).toMatchObject({
      template: null,
      subject: 'Hi',
      content: { text: expect.stringMatching(/^Hello\n/) },
    });
  });

  it('refuses a list of which everybody is suppressed', async () => {
    const who = await sender();
    const recipients = people(2);
    const id = await draft(who, recipients);
    for (const { email } of recipients) {
      await suppress({ businessId: new Types.ObjectId(who.businessId) }, email, 'bounced', 'test');
    }
    expect((await refused(who, id)).errors).toEqual([
      { path: 'recipients', message: 'all of its recipients are suppressed, and would be left out' },
    ]);
  });

  it('sees at once that sending was switched on again, and says what is switched off under its own code', async () => {
    const who = await sender();
    const id = await draft(who, people(1));
    await ses().changeAccount(who.accessKeyId, { sendingEnabled: false });
    expect((await refused(who, id)).code).toBe('preflight_failed');
    await ses().changeAccount(who.accessKeyId, { sendingEnabled: true });
    await until(async () => (await preflight(who, id)).problems.length === 0, 8_000);
  });

  it('lets warnings go along with a send', async () => {
    const who = await register();
    const accessKeyId = await connectSes(who);
    const id = await draft(who, people(2));
    const { warnings } = await as(
      { ...who, accessKeyId } as Sender,
      'post',
      `/api/campaigns/${id}/send`,
      undefined,
      202,
    );
    expect(warnings).toEqual([{ path: 'fromEmail', message: expect.stringContaining('not verified') }]);
  });
});
