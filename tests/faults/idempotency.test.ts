import { describe, expect, it } from 'vitest';
import { findFreePort } from '../../src/embedded/free-port.js';
import { ApiKeyModel } from '../../src/models/api-key.js';
import { DeliveryModel } from '../../src/models/delivery.js';
import { EmailCampaignModel } from '../../src/models/email-campaign.js';
import { IdempotencyKeyModel } from '../../src/models/idempotency-key.js';
import { MessageModel } from '../../src/models/message.js';
import { unique } from '../support/factories.js';
import { useHub } from '../support/hub.js';
import { noteSecrets } from '../support/leaks/evidence.js';
import { type Side, useMongoCut } from '../support/mongo-cut.js';
import { useProcesses } from '../support/processes.js';
import { accepted, draft, people, type Sender, sender } from '../support/sending.js';
import { until } from '../support/until.js';

useHub();
const start = useProcesses();
const wayToMongo = useMongoCut();

interface Asked {
  path: string;
  body: object;
  status: number;
}

async function api(env: NodeJS.ProcessEnv = {}) {
  const port = await findFreePort();
  const running = start('server', { PORT: String(port), ...env });
  await running.ready;
  const post = async ({ token }: Sender, { path, body }: Asked, key: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, text, body: JSON.parse(text), headers: answer.headers };
  };
  return { ...running, post };
}

/** Whom SES was given a message for, each time. */
const mailed = async (who: Sender) => (await accepted(who)).map(({ recipient }) => recipient).sort();

/** Asks, kills the process in the middle, and asks another one again: at once, after the lock has run out, and then. */
async function killInTheMiddle(who: Sender, asked: Asked, side: Side, command: string, collection: string) {
  const cut = await wayToMongo(String(process.env.MONGODB_URI));
  const first = await api({ MONGODB_URI: cut.uri });
  const reached = cut.at(side, command, collection);
  const key = unique('key');
  const answered = first.post(who, asked, key).catch(() => undefined);
  await reached;
  first.child.kill('SIGKILL');
  await first.ended;
  expect(await answered).toBeUndefined();

  const second = await api();
  expect((await second.post(who, asked, key)).body).toMatchObject({ success: false, code: 'idempotency_in_flight' });
  const lock = await IdempotencyKeyModel.findOne({ key }).lean();
  expect(Number(lock?.until) - Date.now()).toBeLessThanOrEqual(60_000);
  // A minute later.
  await IdempotencyKeyModel.updateOne({ key }, { $set: { until: new Date(0) } });
  const repeated = await second.post(who, asked, key);
  expect(repeated.status, repeated.text).toBe(asked.status);
  expect(repeated.headers.get('idempotent-replayed')).toBeNull();
  const third = await second.post(who, asked, key);
  expect(third.text).toBe(repeated.text);
  expect(third.headers.get('idempotent-replayed')).toBe('true');
  return repeated.body;
}

describe('an API process killed with kill -9 in the middle of', () => {
  const CAMPAIGN: Asked = {
    path: '/api/campaigns',
    body: { name: 'Once', subject: 'Hello', content: { text: 'Hello' } },
    status: 201,
  };

  it.each([
    ['before', 'insert', 'emailcampaigns'],
    ['after', 'insert', 'emailcampaigns'],
    // The reply is to be kept.
    ['before', 'update', 'idempotencykeys'],
  ] as const)(
    'making a campaign, %s the %s of %s, leaves one',
    { timeout: 90_000 },
    async (side, command, collection) => {
      const who = await sender();
      const { campaign } = await killInTheMiddle(who, CAMPAIGN, side, command, collection);
      const made = await EmailCampaignModel.find({ business: who.businessId }).lean();
      expect(made.map(({ _id }) => String(_id))).toEqual([campaign.id]);
    },
  );

  it.each(['before', 'after'] as const)(
    'making an API key, %s it is written, leaves one that works',
    { timeout: 90_000 },
    async (side) => {
      const who = await sender();
      const asked = {
        path: '/api/business/api-keys',
        body: { name: 'k', permissions: ['send_emails'] },
        status: 201,
      };
      const { apiKey } = await killInTheMiddle(who, asked, side, 'insert', 'apikeys');
      noteSecrets(apiKey.key);
      expect(apiKey.key).toMatch(/^pmh_live_/);
      expect(await ApiKeyModel.countDocuments({ business: who.businessId })).toBe(1);
    },
  );

  it.each([
    ['before', 'insert', 'deliveries'],
    ['after', 'insert', 'deliveries'],
    ['after', 'insert', 'messages'],
  ] as const)(
    'a test send, %s the %s of %s, sends to each once',
    { timeout: 120_000 },
    async (side, command, collection) => {
      const who = await sender();
      const id = await draft(who, people(1));
      const to = people(3).map(({ email }) => email);
      await start('worker').ready;
      const asked = { path: `/api/campaigns/${id}/test`, body: { to }, status: 202 };
      const { recipients } = await killInTheMiddle(who, asked, side, command, collection);
      expect(recipients.map(({ email }: { email: string }) => email).sort()).toEqual([...to].sort());
      const [message] = await MessageModel.find({ business: who.businessId }).lean();
      const sent = { message: message?._id, status: 'sent' as const };
      await until(async () => (await DeliveryModel.countDocuments(sent)) === to.length, 60_000);
      expect(await MessageModel.countDocuments({ business: who.businessId })).toBe(1);
      expect(await DeliveryModel.countDocuments({ message: message?._id })).toBe(to.length);
      expect(await mailed(who)).toEqual([...to].sort());
    },
  );

  it.each([
    ['after', 'insert', 'messagecontents'],
    ['before', 'insert', 'deliveries'],
    ['after', 'insert', 'deliveries'],
  ] as const)(
    'accepting a message, %s the %s of %s, sends it to each once',
    { timeout: 120_000 },
    async (side, command, collection) => {
      const who = await sender();
      const to = people(3).map(({ email }) => email);
      await start('worker').ready;
      const message = { to, from: 'orders@example.com', subject: 'Once', text: 'Once' };
      const { email } = await killInTheMiddle(
        who,
        { path: '/api/emails', body: message, status: 202 },
        side,
        command,
        collection,
      );
      const sent = { message: email.id, status: 'sent' as const };
      await until(async () => (await DeliveryModel.countDocuments(sent)) === to.length, 60_000);
      expect(await DeliveryModel.countDocuments({ business: who.businessId })).toBe(to.length);
      expect(await mailed(who)).toEqual([...to].sort());
    },
  );

  it.each(['before', 'after'] as const)(
    'launching a campaign, %s it is moved, sends it to each once',
    { timeout: 120_000 },
    async (side) => {
      const who = await sender();
      const to = people(5);
      const id = await draft(who, to);
      const asked = { path: `/api/campaigns/${id}/send`, body: {}, status: 202 };
      await killInTheMiddle(who, asked, side, 'findAndModify', 'emailcampaigns');
      await start('worker').ready;
      await until(() => EmailCampaignModel.exists({ _id: id, status: 'sent' }), 60_000);
      expect(await mailed(who)).toEqual(to.map(({ email }) => email).sort());
    },
  );
});
