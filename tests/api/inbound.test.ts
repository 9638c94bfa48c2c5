import { generateKeyPairSync, sign } from 'node:crypto';
import { inspect } from 'node:util';
import mongoose, { Types } from 'mongoose';
import { describe, expect, inject, it, vi } from 'vitest';
import { logger } from '../../src/logger.js';
import { BusinessModel } from '../../src/models/business.js';
import { NotificationModel } from '../../src/models/notification.js';
import { hashOf } from '../../src/random-token.js';
import { stringToSign } from '../../src/ses/sns.js';
import { once, register } from '../support/factories.js';
import { useHub } from '../support/hub.js';
import { confirmation, type Inbox, inboxOf, type Message, notification, post, signed } from '../support/sns.js';
import { until } from '../support/until.js';

useHub();

const shared = once(async () => {
  const who = await register();
  return { who, inbox: await inboxOf(who), businessId: new Types.ObjectId(who.businessId) };
});

const kept = (businessId: Types.ObjectId) => NotificationModel.countDocuments({ business: businessId });
const EVENT = { eventType: 'Send', mail: { messageId: 'm' } };

/** Signed by somebody who has a key, and no certificate of Amazon's. */
function forged(message: Message): Message {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const signature = sign('RSA-SHA256', Buffer.from(stringToSign(message as never)), privateKey);
  return { ...message, Signature: signature.toString('base64') };
}

describe('POST /api/inbound/ses/:token', () => {
  it.each(['1', '2'])(
    'keeps a notification that Amazon signed (version %s), once, however often it comes',
    async (version) => {
      const { inbox, businessId } = await shared();
      const before = await kept(businessId);
      const message = signed({
        ...notification(inbox.topicArn, EVENT),
        SignatureVersion: version,
        Subject: 'A subject',
      });
      const answers = await Promise.all([1, 2, 3].map(() => post(inbox.path, message)));
      expect(answers.map(({ status, body }) => [status, body])).toEqual([1, 2, 3].map(() => [200, { success: true }]));
      expect(await kept(businessId)).toBe(before + 1);
      const row = await NotificationModel.findOne({ business: businessId, messageId: message.MessageId }).lean();
      expect(JSON.parse(row?.event ?? '')).toEqual(EVENT);
    },
  );

  it.each<[string, (inbox: Inbox) => Message]>([
    ['a signature of somebody else’s key', ({ topicArn }) => forged(notification(topicArn, EVENT))],
    ['no signature', ({ topicArn }) => notification(topicArn, EVENT)],
    [
      'no signature, version and certificate',
      ({ topicArn }) => ({ ...notification(topicArn, EVENT), SignatureVersion: '', SigningCertURL: '' }),
    ],
    [
      'a signature of a version that there is not',
      ({ topicArn }) => signed({ ...notification(topicArn, EVENT), SignatureVersion: '3' }),
    ],
    ['no signature that is one', ({ topicArn }) => ({ ...notification(topicArn, EVENT), Signature: 'AAAA' })],
    [
      'a message changed after it was signed',
      ({ topicArn }) => ({ ...signed(notification(topicArn, EVENT)), Message: '{}' }),
    ],
    [
      'a subject added after it was signed',
      ({ topicArn }) => ({ ...signed(notification(topicArn, EVENT)), Subject: 'x' }),
    ],
    [
      'a version changed after it was signed',
      ({ topicArn }) => ({ ...signed(notification(topicArn, EVENT)), SignatureVersion: '1' }),
    ],
    ['another topic, validly signed', () => signed(notification('arn:aws:sns:eu-west-1:666666666666:theirs', EVENT))],
    [
      'a certificate that lies elsewhere',
      ({ topicArn }) =>
        signed({
          ...notification(topicArn, EVENT),
          SigningCertURL: `https://evil.example/SimpleNotificationService-${'a'.repeat(32)}.pem`,
        }),
    ],
    [
      'a certificate at a host that only looks like Amazon’s',
      ({ topicArn }) =>
        signed({
          ...notification(topicArn, EVENT),
          SigningCertURL: `https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-${'a'.repeat(32)}.pem`,
        }),
    ],
    [
      'a certificate of Amazon’s in another region',
      ({ topicArn }) =>
        signed({
          ...notification(topicArn, EVENT),
          SigningCertURL: `https://sns.us-east-1.amazonaws.com/SimpleNotificationService-${'a'.repeat(32)}.pem`,
        }),
    ],
    [
      'another file at the right host',
      ({ topicArn }) => signed({ ...notification(topicArn, EVENT), SigningCertURL: `${inject('sns').url}/mine.pem` }),
    ],
  ])('refuses %s', async (_what, make) => {
    const { inbox, businessId } = await shared();
    const before = await kept(businessId);
    const { status, body } = await post(inbox.path, make(inbox));
    expect([status, body.code]).toEqual([403, 'forbidden']);
    expect(await kept(businessId)).toBe(before);
  });

  it('refuses one that it has, when its signature is good for another id as well', async () => {
    const { inbox, businessId } = await shared();
    const message = signed({ ...notification(inbox.topicArn, EVENT), Subject: 'Amazon SES Email Event Notification' });
    expect((await post(inbox.path, message)).status).toBe(200);
    const before = await kept(businessId);
    const { Subject, ...rest } = message;
    const again = { ...rest, MessageId: `${message.MessageId}\nSubject\n${Subject}` };
    expect(stringToSign(again as never)).toBe(stringToSign(message as never));
    expect((await post(inbox.path, again)).status).toBe(400);
    expect(await kept(businessId)).toBe(before);
  });

  it('asks for the message again when the certificate cannot be had', async () => {
    const { inbox } = await shared();
    const url = `${inject('sns').url}/SimpleNotificationService-${'b'.repeat(32)}.pem`;
    const { status, body } = await post(
      inbox.path,
      signed({ ...notification(inbox.topicArn, EVENT), SigningCertURL: url }),
    );
    expect([status, body.code]).toEqual([503, 'unavailable']);
  });

  it.each<[string, string | object, number]>([
    ['nothing', '', 400],
    ['what is no JSON', '{"Type":', 400],
    ['a list', [], 400],
    ['raw message delivery', EVENT, 400],
    ['a message cut off in the middle', JSON.stringify(notification('arn', EVENT)).slice(0, 120), 400],
    ['a message without its id', { ...notification('arn', EVENT), MessageId: '' }, 400],
    ['512 kB of nested JSON', '['.repeat(260_000) + ']'.repeat(260_000), 400],
    ['more than that', JSON.stringify({ Message: 'x'.repeat(600_000) }), 413],
  ])('refuses %s', async (_what, body, status) => {
    const { inbox, businessId } = await shared();
    const before = await kept(businessId);
    expect((await post(inbox.path, body)).status).toBe(status);
    expect(await kept(businessId)).toBe(before);
  });

  it('refuses a token that is not exactly one, and takes the one before the last while it lasts', async () => {
    const { inbox, who } = await shared();
    const message = signed(notification(inbox.topicArn, EVENT));
    const token = inbox.path.split('/').at(-1) ?? '';
    const altered = token.slice(0, 5) + (token[5] === 'A' ? 'B' : 'A') + token.slice(6);
    for (const wrong of [altered, token.slice(1), `${token}A`, '%00', 'x']) {
      expect((await post(`/api/inbound/ses/${wrong}`, message)).status).toBe(403);
    }
    const set = (until: Date) => ({ $set: { 'eventWiring.previous': { tokenHash: hashOf(`old${token}`), until } } });
    await BusinessModel.updateOne({ _id: who.businessId }, set(new Date(Date.now() + 60_000)));
    expect((await post(`/api/inbound/ses/old${token}`, message)).status).toBe(200);
    await BusinessModel.updateOne(
      { _id: who.businessId },
      { $set: { 'eventWiring.previous': { tokenHash: hashOf(`older${token}`), until: new Date(0) } } },
    );
    expect((await post(`/api/inbound/ses/older${token}`, message)).status).toBe(403);
  });

  it('confirms a subscription of its topic, and of no other, and calls nobody but SNS', async () => {
    const who = await register();
    const inbox = await inboxOf(who);
    const wiring = async () => (await BusinessModel.findById(who.businessId).lean())?.eventWiring;
    const query = `Action=ConfirmSubscription&TopicArn=${encodeURIComponent(inbox.topicArn)}&Token=t`;
    for (const url of [
      `http://127.0.0.1:1/?${query}`,
      `http://169.254.169.254/?${query}`,
      `https://sns.us-east-1.amazonaws.com/?${query}`,
      `https://user@sns.eu-west-1.amazonaws.com/?${query}`,
      `${inject('sns').url}/slow/?${query}`,
      `${inject('sns').url}/?Action=Publish&TopicArn=${encodeURIComponent(inbox.topicArn)}`,
      `${inject('sns').url}/?${query.replace('hub-', 'other-')}`,
    ]) {
      expect((await post(inbox.path, signed(confirmation(inbox.topicArn, url)))).status).toBe(403);
    }
    expect((await wiring())?.confirmedAt).toBeUndefined();
    expect((await post(inbox.path, signed(confirmation(inbox.topicArn)))).status).toBe(200);
    expect(await wiring()).toMatchObject({
      subscriptionArn: `${inbox.topicArn}:confirmed`,
      confirmedAt: expect.any(Date),
    });
    const ended = signed({ ...confirmation(inbox.topicArn), Type: 'UnsubscribeConfirmation' });
    expect((await post(inbox.path, ended)).status).toBe(200);
    expect((await wiring())?.confirmedAt).toBeUndefined();
  });

  it('confirms the subscription of a topic that was stored a moment ago', async () => {
    const who = await register();
    const inbox = await inboxOf(who);
    const topicArn = 'arn:aws:sns:eu-west-1:123456789012:next';
    expect((await post(inbox.path, signed(notification(topicArn, EVENT)))).status).toBe(403);
    await BusinessModel.updateOne({ _id: who.businessId }, { 'eventWiring.topicArn': topicArn });
    expect((await post(inbox.path, signed(confirmation(topicArn)))).status).toBe(200);
  });

  it('neither confirms nor ends the subscription of the URL by what comes to the one before it', async () => {
    const who = await register();
    const inbox = await inboxOf(who);
    const wiring = async () => (await BusinessModel.findById(who.businessId).lean())?.eventWiring;
    const former = 'former-token';
    const previous = { tokenHash: hashOf(former), until: new Date(Date.now() + 60_000) };
    await BusinessModel.updateOne({ _id: who.businessId }, { 'eventWiring.previous': previous });
    const path = `/api/inbound/ses/${former}`;
    expect((await post(path, signed(confirmation(inbox.topicArn)))).status).toBe(403);
    expect((await wiring())?.confirmedAt).toBeUndefined();

    expect((await post(inbox.path, signed(confirmation(inbox.topicArn)))).status).toBe(200);
    const ended = signed({ ...confirmation(inbox.topicArn), Type: 'UnsubscribeConfirmation' });
    expect((await post(path, ended)).status).toBe(200);
    expect((await wiring())?.confirmedAt).toBeInstanceOf(Date);
  });

  it('leaves a subscription confirmed when its end before that is told again', async () => {
    const who = await register();
    const inbox = await inboxOf(who);
    const ended = signed({ ...confirmation(inbox.topicArn), Type: 'UnsubscribeConfirmation' });
    expect((await post(inbox.path, ended)).status).toBe(200);
    expect((await post(inbox.path, signed(confirmation(inbox.topicArn)))).status).toBe(200);
    expect((await post(inbox.path, ended)).status).toBe(200);
    expect((await BusinessModel.findById(who.businessId).lean())?.eventWiring?.confirmedAt).toBeInstanceOf(Date);
  });

  it('asks for the message again when MongoDB does not take it', async () => {
    const { inbox } = await shared();
    const away = new mongoose.mongo.MongoNetworkError('connection closed');
    vi.spyOn(NotificationModel.collection, 'insertOne').mockRejectedValueOnce(away);
    const message = signed(notification(inbox.topicArn, EVENT));
    const { status, body } = await post(inbox.path, message);
    expect([status, body.code]).toEqual([503, 'unavailable']);
    vi.restoreAllMocks();
    expect((await post(inbox.path, message)).status).toBe(200);
  });

  it('writes neither the token nor anything of the message into the log', async () => {
    const { inbox } = await shared();
    const levels = (['debug', 'info', 'warn', 'error'] as const).map((level) => vi.spyOn(logger(), level));
    const secret = { eventType: 'Send', mail: { messageId: 'm', destination: ['who@secret.example'] } };
    await post(inbox.path, signed(notification(inbox.topicArn, secret)));
    await post(inbox.path, forged(notification(inbox.topicArn, secret)));
    await post(inbox.path, '{"secret.example');
    const calls = () => levels.flatMap(({ mock }) => mock.calls as unknown[]);
    await until(() => calls().filter((call) => inspect(call).includes("'request'")).length === 3);
    const text = inspect(calls(), { depth: 10, maxStringLength: null });
    vi.restoreAllMocks();
    expect(text).toContain('/api/inbound/ses/:token');
    expect(text).toContain('not signed by Amazon');
    expect(text).not.toContain(inbox.path.split('/').at(-1));
    expect(text).not.toContain('secret.example');
  });

  it('believes nothing while the business has no topic', async () => {
    const who = await register();
    const inbox = await inboxOf(who);
    await BusinessModel.updateOne({ _id: who.businessId }, { $unset: { 'eventWiring.topicArn': 1 } });
    expect((await post(inbox.path, signed(notification(inbox.topicArn, EVENT)))).status).toBe(403);
  });
});
