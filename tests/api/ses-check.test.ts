import {
  SetIdentityFeedbackForwardingEnabledCommand,
  UpdateConfigurationSetEventDestinationCommand,
} from '@aws-sdk/client-ses';
import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { type Business, BusinessModel } from '../../src/models/business.js';
import { DeliveryModel } from '../../src/models/delivery.js';
import { redis } from '../../src/redis.js';
import type { Finding } from '../../src/schemas/ses-check.js';
import { administer } from '../../src/ses/administration.js';
import { DESTINATION, EVENT_KINDS } from '../../src/ses/event-wiring.js';
import { turnOf } from '../../src/ses/pacing.js';
import { publish } from '../support/domains.js';
import { apiKey, register, unique } from '../support/factories.js';
import { api, useHub } from '../support/hub.js';
import { NameServer } from '../support/name-server.js';
import { as, type Sender, sender, ses } from '../support/sending.js';
import { startSubscriber } from '../support/sns-subscriber.js';

const dns = new NameServer();
process.env.DNS_SERVERS = await dns.start();
process.env.PUBLIC_URL = (await startSubscriber()).url;

useHub();

/** Anew, whatever was said a moment ago. */
async function check(who: Sender): Promise<Finding[]> {
  await redis().flushdb();
  return (await as(who, 'post', '/api/business/ses/check')).findings;
}

const short = (findings: Finding[]) =>
  Object.fromEntries(findings.map(({ check: name, status }) => [name, status] as const));

const businessOf = ({ businessId }: Sender) => BusinessModel.findById(businessId).lean<Business>().orFail();

/** A business with one domain of its own that is as it should be, and its events wired. */
async function healthy(): Promise<Sender & { domain: string }> {
  const who = await sender();
  await BusinessModel.updateOne({ _id: who.businessId }, { $set: { sendingDomains: [] } });
  const domain = `${unique('shop')}.test`;
  const { domain: added } = await as(who, 'post', '/api/business/domains', { domain }, 201);
  publish(dns, added);
  await as(who, 'post', `/api/business/domains/${added.id}/verify`);
  await as(who, 'post', '/api/business/events-setup');
  await administer(await businessOf(who), (account) =>
    account.ses((client) =>
      client.send(new SetIdentityFeedbackForwardingEnabledCommand({ Identity: domain, ForwardingEnabled: false })),
    ),
  );
  return { ...who, domain };
}

describe('POST /api/business/ses/check', () => {
  it('finds a healthy account well in everything', async () => {
    const findings = await check(await healthy());
    expect(findings.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(Object.keys(short(findings)).sort()).toEqual([
      ...['configuration_set', 'credentials', 'dkim', 'dmarc', 'double_tracking', 'enforcement', 'event_destination'],
      ...['events_arriving', 'feedback_forwarding', 'identity', 'mail_from', 'quota', 'sandbox', 'sending_enabled'],
      ...['subscription', 'topic'],
    ]);
  });

  it('names what is wrong with the account, with a remedy each', async () => {
    const who = await healthy();
    await ses().changeAccount(who.accessKeyId, {
      ...{ sandbox: true, sendingEnabled: false, enforcementStatus: 'PROBATION' },
      ...{ max24HourSend: 200, sentLast24Hours: 190 },
    });
    const findings = await check(who);
    expect(short(findings)).toMatchObject({
      sandbox: 'problem',
      sending_enabled: 'problem',
      enforcement: 'warning',
      quota: 'warning',
    });
    for (const { status, remedy } of findings) if (status !== 'ok') expect(remedy).toMatch(/\S/);
  });

  it('holds a domain against SES and against DNS', async () => {
    const who = await healthy();
    const mailFrom = `bounce.${who.domain}`;
    dns.names.set(mailFrom, { MX: [{ priority: 10, exchange: 'elsewhere.test' }], TXT: ['v=spf1 -all'] });
    dns.names.delete(`_dmarc.${who.domain}`);
    await ses().changeIdentity({
      ...{ accessKeyId: who.accessKeyId, identity: who.domain },
      ...{ status: 'TemporaryFailure', dkimStatus: 'Failed' },
    });
    expect(short(await check(who))).toMatchObject({
      identity: 'warning',
      dkim: 'problem',
      mail_from: 'warning',
      dmarc: 'warning',
    });
    const [mail] = (await check(who)).filter(({ check: name }) => name === 'mail_from');
    expect(mail).toMatchObject({ subject: who.domain, message: expect.stringContaining(mailFrom) });
  });

  it('takes the DMARC policy of a domain above', async () => {
    const who = await healthy();
    dns.names.delete(`_dmarc.${who.domain}`);
    dns.names.set('_dmarc.above.test', { TXT: ['v=DMARC1; p=reject'] });
    await BusinessModel.updateOne(
      { _id: who.businessId },
      { $set: { sendingDomains: [{ domain: 'a.b.above.test', verified: true, status: 'verified' }] } },
    );
    expect(short(await check(who))).toMatchObject({ dmarc: 'ok' });
  });

  it('does not take a DNS that does not answer for missing records', async () => {
    const who = await healthy();
    dns.isBroken = true;
    const findings = short(await check(who));
    dns.isBroken = false;
    expect(findings).toMatchObject({ dkim: 'ok', mail_from: 'ok', dmarc: 'warning' });
  });

  it('follows the wiring link by link', async () => {
    const who = await sender();
    expect(short(await check(who))).toMatchObject({ event_wiring: 'problem' });
    const wired = await healthy();
    const { eventWiring } = await businessOf(wired);
    const destination = (types: string[]) =>
      administer(wiredBusiness, (account) =>
        account.ses((client) =>
          client.send(
            new UpdateConfigurationSetEventDestinationCommand({
              ConfigurationSetName: eventWiring?.configurationSet ?? '',
              EventDestination: {
                ...{ Name: DESTINATION, Enabled: true, MatchingEventTypes: types as never },
                SNSDestination: { TopicARN: eventWiring?.topicArn ?? '' },
              },
            }),
          ),
        ),
      );
    const wiredBusiness = await businessOf(wired);
    await destination(['send', 'open']);
    expect(short(await check(wired))).toMatchObject({ event_destination: 'problem', double_tracking: 'warning' });
    await destination([...EVENT_KINDS]);

    await BusinessModel.updateOne(
      { _id: wired.businessId },
      { $set: { 'eventWiring.configurationSet': 'gone', 'eventWiring.topicArn': `${eventWiring?.topicArn}x` } },
    );
    expect(short(await check(wired))).toMatchObject({ configuration_set: 'problem', topic: 'problem' });
  });

  it('warns when mail goes out and no event comes back', async () => {
    const who = await healthy();
    const sentAt = new Date(Date.now() - 3_600_000);
    const row = { business: new Types.ObjectId(who.businessId), message: new Types.ObjectId(), bucket: 0, attempts: 1 };
    await DeliveryModel.create({ ...row, email: 'a@b.org', status: 'sent', dueAt: sentAt, createdAt: sentAt, sentAt });
    const [silent] = (await check(who)).filter(({ check: name }) => name === 'events_arriving');
    expect(silent).toMatchObject({ status: 'warning', message: expect.stringMatching(/^1 messages/) });
    await BusinessModel.updateOne({ _id: who.businessId }, { $set: { 'eventWiring.lastEventAt': new Date() } });
    expect(short(await check(who))).toMatchObject({ events_arriving: 'ok' });
  });

  it('says what it could not ask, and which permission is missing', async () => {
    const who = await healthy();
    const deniedActions = ['ses:GetAccount', 'ses:GetIdentityVerificationAttributes', 'sns:GetTopicAttributes'];
    await ses().changeAccount(who.accessKeyId, { deniedActions });
    const findings = await check(who);
    expect(short(findings)).toMatchObject({ sandbox: 'warning', identity: 'warning', topic: 'warning', dmarc: 'ok' });
    for (const action of deniedActions) {
      expect(findings.some(({ message, remedy }) => message.includes(action) && remedy?.includes(action))).toBe(true);
    }
  });

  it.each([
    ['a key that AWS does not know any more', 'AKIAINVALID', /InvalidClientTokenId/],
    ['a secret that is not the key’s any more', 'AKIABADSECRET', /SignatureDoesNotMatch/],
  ])('finds %s', async (_what, accessKeyId, said) => {
    const who = await healthy();
    await BusinessModel.updateOne({ _id: who.businessId }, { $set: { 'sesConfiguration.accessKeyId': accessKeyId } });
    const [credentials] = await check(who);
    expect(credentials).toMatchObject({
      check: 'credentials',
      status: 'problem',
      message: expect.stringMatching(said),
    });
  });

  it('may be called in a loop: SES is asked once', async () => {
    const who = await healthy();
    await check(who);
    const before = (await ses().totals()).calls.GetAccount ?? 0;
    const answers = await Promise.all(Array.from({ length: 5 }, () => as(who, 'post', '/api/business/ses/check')));
    expect(new Set(answers.map(({ checkedAt }) => checkedAt)).size).toBe(1);
    expect((await ses().totals()).calls.GetAccount).toBe(before);
    await redis().flushdb();
    await Promise.all(Array.from({ length: 5 }, () => as(who, 'post', '/api/business/ses/check')));
    expect((await ses().totals()).calls.GetAccount).toBe(before + 1);
  });

  it('needs manage_settings, and an account', async () => {
    const who = await register();
    const key = await apiKey(who, ['send_emails']);
    await api().post('/api/business/ses/check').set('X-API-Key', key).expect(403);
    const { body } = await api().post('/api/business/ses/check').auth(who.token, { type: 'bearer' }).expect(422);
    expect(body.code).toBe('ses_not_configured');
  });
});

describe('calls to SES that are no sends', () => {
  it('begin a second apart for an account, over all who call, and not for ever', async () => {
    const account = `${unique()}/eu-west-1`;
    const waits = await Promise.all(Array.from({ length: 4 }, () => turnOf(account)));
    waits.forEach((wait, n) => {
      expect(wait).toBeLessThanOrEqual(n * 1_000);
      expect(wait).toBeGreaterThan(n * 1_000 - 900);
    });
    expect(await turnOf(`${unique()}/eu-west-1`)).toBe(0);
    await expect(Promise.all(Array.from({ length: 20 }, () => turnOf(account)))).rejects.toThrow(/Too many calls/);
  });
});
