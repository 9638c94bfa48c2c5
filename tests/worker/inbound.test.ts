import { randomUUID } from 'node:crypto';
import mongoose, { Types } from 'mongoose';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { BusinessModel } from '../../src/models/business.js';
import { BUCKETS, type Delivery, DeliveryModel } from '../../src/models/delivery.js';
import { EventModel } from '../../src/models/event.js';
import { NotificationModel } from '../../src/models/notification.js';
import { SuppressionModel } from '../../src/models/suppression.js';
import { count, type Stat } from '../../src/sending/campaigns/counts.js';
import { processDue } from '../../src/sending/inbound/round.js';
import { blockedForAll } from '../../src/sending/suppression.js';
import { once, type Registered, register, unique } from '../support/factories.js';
import { useHub } from '../support/hub.js';
import { later, SENT_AT, SES_EVENTS, sesEvent } from '../support/ses-events.js';
import { inboxOf, notification, post, signed, tell } from '../support/sns.js';

useHub();

afterEach(() => {
  vi.restoreAllMocks();
});

const wired = once(async () => {
  const who = await register();
  return { who, inbox: await inboxOf(who) };
});

async function delivery({ businessId }: Pick<Registered, 'businessId'>, fields: object = {}): Promise<Delivery> {
  const created = await DeliveryModel.create({
    business: businessId,
    campaign: new Types.ObjectId(),
    email: `${unique()}@example.com`,
    bucket: Math.floor(Math.random() * BUCKETS),
    dueAt: new Date(0),
    attempts: 1,
    status: 'sent',
    sentAt: new Date(SENT_AT),
    createdAt: new Date(),
    ...fields,
  });
  return created.toObject();
}

const read = ({ _id }: Delivery) => DeliveryModel.findById(_id).lean<Delivery>().orFail();
const logged = async ({ _id }: Delivery) =>
  (await EventModel.find({ delivery: _id }).sort({ at: 1 }).lean()) as object[];

/** As the inbound URL keeps it, without SNS around it. */
async function keep(businessId: string, ...events: object[]): Promise<void> {
  const now = new Date();
  await NotificationModel.insertMany(
    events.map((event) => ({
      business: businessId,
      messageId: randomUUID(),
      event: JSON.stringify(event),
      receivedAt: now,
      dueAt: now,
    })),
  );
}

/** Of numbers those that are not zero. */
const only = (numbers: Record<string, number>) => Object.fromEntries(Object.entries(numbers).filter(([, n]) => n > 0));

const waiting = () => NotificationModel.countDocuments({ dueAt: { $exists: true } });

const BOUNCED = { permanent: true, bounceType: 'Permanent', subType: 'General', diagnostic: '550 no such user' };

describe('an event of SES that came by SNS', () => {
  const machine = 'Mozilla/5.0';
  it.each<[string, (one: Delivery) => object, object, Stat[], object[], string | undefined]>([
    ['Send', SES_EVENTS.send, { status: 'sent' }, [], [{ type: 'email.sent' }], undefined],
    [
      'Delivery',
      SES_EVENTS.delivery,
      { status: 'delivered', deliveredAt: new Date(later(3)) },
      ['delivered'],
      [{ type: 'email.delivered' }],
      undefined,
    ],
    [
      'a permanent Bounce',
      SES_EVENTS.bounce,
      { status: 'bounced', bouncedAt: new Date(later(5)), harm: 'bounced', error: { code: 'General' } },
      ['bounced'],
      [{ type: 'email.bounced', data: BOUNCED }],
      'bounced',
    ],
    [
      'a Bounce off the account’s own list',
      (one) => SES_EVENTS.bounce(one, {}, 'Permanent', 'OnAccountSuppressionList'),
      { status: 'bounced', harm: undefined },
      ['bounced'],
      [{ type: 'email.bounced', data: { permanent: true } }],
      'bounced',
    ],
    [
      'a transient Bounce',
      (one) => SES_EVENTS.bounce(one, {}, 'Transient', 'MailboxFull'),
      { status: 'sent', bouncedAt: undefined },
      [],
      [{ type: 'email.bounced', data: { permanent: false, bounceType: 'Transient', subType: 'MailboxFull' } }],
      undefined,
    ],
    [
      'a Bounce of which SES cannot tell',
      (one) => SES_EVENTS.bounce(one, {}, 'Undetermined', 'Undetermined'),
      { status: 'sent', bouncedAt: undefined },
      [],
      [{ type: 'email.bounced', data: { permanent: false, bounceType: 'Undetermined' } }],
      undefined,
    ],
    [
      'a Complaint',
      SES_EVENTS.complaint,
      { status: 'complained', complainedAt: new Date(later(3_600)), harm: 'complained' },
      ['complained'],
      [{ type: 'email.complained', data: { notSpam: false } }],
      'complained',
    ],
    [
      'a Complaint that it is no spam',
      (one) => SES_EVENTS.complaint(one, {}, 'not-spam'),
      { status: 'sent', complainedAt: undefined },
      [],
      [{ type: 'email.complained', data: { notSpam: true } }],
      undefined,
    ],
    [
      'Reject',
      SES_EVENTS.reject,
      { status: 'failed', error: { code: 'rejected_after_acceptance' } },
      [],
      [{ type: 'email.failed', data: { reason: 'Bad content' } }],
      undefined,
    ],
    [
      'Rendering Failure',
      (one) => sesEvent('Rendering Failure', one, { failure: { errorMessage: 'no name' } }),
      { status: 'failed' },
      [],
      [{ type: 'email.failed', data: { reason: 'no name' } }],
      undefined,
    ],
    ['DeliveryDelay', SES_EVENTS.delay, { status: 'sent' }, [], [], undefined],
    [
      'Open',
      SES_EVENTS.open,
      { status: 'sent', openedAt: new Date(later(120)), machineOpenedAt: undefined },
      ['opened'],
      [{ type: 'email.opened', data: { machine: false, ip: '192.0.2.7' } }],
      undefined,
    ],
    [
      'an Open by a machine',
      (one) => SES_EVENTS.open(one, {}, machine),
      { openedAt: undefined, machineOpenedAt: new Date(later(120)) },
      ['machineOpened'],
      [{ type: 'email.opened', data: { machine: true } }],
      undefined,
    ],
    [
      'Click',
      SES_EVENTS.click,
      { clickedAt: new Date(later(180)), openedAt: new Date(later(180)) },
      ['clicked', 'opened'],
      [{ type: 'email.clicked', data: { machine: false, link: 'https://example.com/offer' } }],
      undefined,
    ],
    ['a kind not known', (one) => sesEvent('Telepathy', one), { status: 'sent' }, [], [], undefined],
    ['Subscription', (one) => sesEvent('Subscription', one), { status: 'sent' }, [], [], undefined],
  ])('%s is in ledger, states, stats, suppression list and log', async (_kind, make, state, happened, log, reason) => {
    const { who, inbox } = await wired();
    const one = await delivery(who);
    await tell(inbox, make(one));
    await processDue();
    const end = await read(one);
    for (const [field, value] of Object.entries(state))
      expect({ [field]: end[field as never] }).toMatchObject({ [field]: value });
    const { states, stats } = await count(one.campaign as Types.ObjectId);
    expect(only(states)).toEqual({ [end.status]: 1 });
    expect(only(stats)).toEqual(Object.fromEntries(['sent', ...happened].map((stat) => [stat, 1])));
    expect(await logged(one)).toMatchObject(log.map((row) => ({ ...row, email: one.email, campaign: one.campaign })));
    const blocked = await blockedForAll({ businessId: new Types.ObjectId(who.businessId) }, [one.email]);
    expect(blocked.get(one.email)).toBe(reason);
    expect(await waiting()).toBe(0);
    // What it said is not kept longer than needed.
    expect(await NotificationModel.countDocuments({ event: { $exists: true } })).toBe(0);
  });

  it('of another tenant’s delivery changes nothing, though it is validly signed', async () => {
    const { inbox } = await wired();
    const victim = await register();
    const one = await delivery(victim, { messageId: 'known-to-the-attacker' });
    await tell(inbox, SES_EVENTS.complaint(one));
    await tell(inbox, SES_EVENTS.bounce(one, { tags: {}, messageId: 'known-to-the-attacker' }));
    await processDue();
    expect(await read(one)).toEqual(one);
    expect(await logged(one)).toEqual([]);
    expect((await blockedForAll({ businessId: new Types.ObjectId(victim.businessId) }, [one.email])).size).toBe(0);
    await NotificationModel.deleteMany({});
  });

  it('without the hub’s tags is known by SES’s MessageId, and waits for a delivery whose outcome is not written yet', async () => {
    const { who, inbox } = await wired();
    const one = await delivery(who, { status: 'sending', sentAt: undefined });
    const untagged = { tags: undefined, messageId: `late-${one._id}` };
    await tell(inbox, SES_EVENTS.delivery(one, untagged));
    await processDue();
    expect(await waiting()).toBe(1);
    await DeliveryModel.updateOne({ _id: one._id }, { messageId: untagged.messageId, status: 'sent' });
    await NotificationModel.updateMany({ dueAt: { $exists: true } }, { dueAt: new Date(0) });
    await processDue();
    expect(await read(one)).toMatchObject({ status: 'delivered' });
    expect(await waiting()).toBe(0);
  });

  it('of a message that nobody here sent is dropped after a day', async () => {
    const { who } = await wired();
    const stranger = { _id: new Types.ObjectId(), email: 'a@b.com' };
    await keep(who.businessId, SES_EVENTS.delivery(stranger, { tags: undefined }));
    await processDue();
    expect(await waiting()).toBe(1);
    await NotificationModel.updateMany({}, { dueAt: new Date(0), receivedAt: new Date(Date.now() - 25 * 3_600_000) });
    await processDue();
    expect(await waiting()).toBe(0);
    expect(await NotificationModel.exists({ result: 'no_delivery' })).toBeTruthy();
  });

  it('that is no JSON is set aside, and stops nobody', async () => {
    const { who } = await wired();
    const one = await delivery(who);
    await keep(who.businessId, SES_EVENTS.delivery(one));
    await NotificationModel.collection.insertOne({
      business: new Types.ObjectId(who.businessId),
      messageId: randomUUID(),
      event: '{"mail":',
      receivedAt: new Date(),
      dueAt: new Date(0),
      tries: 0,
    });
    await processDue();
    expect(await waiting()).toBe(0);
    expect((await read(one)).status).toBe('delivered');
  });

  it('of 250 kB of JSON within JSON is set aside, and stops nobody', async () => {
    const { who, inbox } = await wired();
    const one = await delivery(who);
    await tell(inbox, `${'['.repeat(125_000)}${']'.repeat(125_000)}`);
    await tell(inbox, `{"mail":{"tags":${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}}}`);
    await tell(inbox, SES_EVENTS.delivery(one));
    await processDue();
    expect(await waiting()).toBe(0);
    expect((await read(one)).status).toBe('delivered');
  });

  it('that fails for itself is tried ten times, then set aside with the reason, and can be taken up again', async () => {
    const { who } = await wired();
    const [poison, one] = [await delivery(who), await delivery(who)];
    await keep(who.businessId, SES_EVENTS.delivery(poison), SES_EVENTS.delivery(one));
    const mine = { business: who.businessId, event: new RegExp(poison._id.toHexString()) };
    // MongoDB refuses what would make it like another one.
    await delivery(who, { email: poison.email, deliveredAt: new Date(later(3)) });
    const { email } = poison;
    const partial = { unique: true, partialFilterExpression: { email } } as const;
    const name = await DeliveryModel.collection.createIndex({ email: 1, deliveredAt: 1 }, partial);
    for (let tries = 1; tries <= 10; tries += 1) {
      await NotificationModel.updateOne(mine, { dueAt: new Date(0) });
      await processDue();
      expect(await NotificationModel.findOne(mine).lean()).toMatchObject(
        tries < 10 ? { tries, dueAt: expect.any(Date) } : { result: 'failed', note: 'MongoBulkWriteError' },
      );
    }
    expect(await waiting()).toBe(0);
    expect((await read(one)).status).toBe('delivered');
    await DeliveryModel.collection.dropIndex(name);
    await NotificationModel.updateOne(mine, { dueAt: new Date(0) });
    await processDue();
    expect((await read(poison)).status).toBe('delivered');
    expect(await NotificationModel.countDocuments(mine)).toBe(0);
  });

  it('never expires while it waits, and is known for two days afterwards', async () => {
    const { who } = await wired();
    await keep(who.businessId, SES_EVENTS.delivery(await delivery(who)));
    const [kept] = await NotificationModel.find({ dueAt: { $exists: true } }).lean();
    expect(kept?.expiresAt).toBeUndefined();
    await processDue();
    const done = await NotificationModel.findById(kept?._id).lean().orFail();
    expect(done.result).toBe('applied');
    const hours = (Number(done.expiresAt) - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(47.9);
    expect(hours).toBeLessThanOrEqual(48);
  });

  it('is told as the last one by when it came, however often it is looked at', async () => {
    const who = await register();
    await inboxOf(who);
    const stranger = { _id: new Types.ObjectId(), email: 'a@b.com' };
    await keep(who.businessId, SES_EVENTS.delivery(stranger, { tags: undefined }));
    const receivedAt = new Date(Date.now() - 5 * 3_600_000);
    await NotificationModel.updateMany({ business: who.businessId }, { receivedAt, dueAt: new Date(0), tries: 7 });
    await processDue();
    const { eventWiring } = await BusinessModel.findById(who.businessId).lean().orFail();
    expect(eventWiring?.lastEventAt).toEqual(receivedAt);
    await NotificationModel.deleteMany({ business: who.businessId });
  });

  it('that comes again when it is not known any more is in the log once', async () => {
    const { who, inbox } = await wired();
    const one = await delivery(who);
    const message = signed(notification(inbox.topicArn, SES_EVENTS.delivery(one)));
    for (let times = 0; times < 2; times += 1) {
      await post(inbox.path, message);
      await processDue();
      // As MongoDB does when it has expired.
      await NotificationModel.deleteMany({ messageId: message.MessageId });
    }
    expect(await logged(one)).toHaveLength(1);
  });

  it('keeps as much of a long detail as there is room for', async () => {
    const { who } = await wired();
    const one = await delivery(who);
    const event = SES_EVENTS.bounce(one) as unknown as { bounce: { bouncedRecipients: { diagnosticCode: string }[] } };
    for (const recipient of event.bounce.bouncedRecipients) recipient.diagnosticCode = `550 no${'!'.repeat(3_000)}`;
    await keep(who.businessId, event);
    await processDue();
    expect(await logged(one)).toMatchObject([{ data: { diagnostic: `550 no${'!'.repeat(1_994)}` } }]);
  });

  it('that another worker took off meanwhile is not put back', async () => {
    const { who } = await wired();
    const stranger = { _id: new Types.ObjectId(), email: 'a@b.com' };
    await keep(who.businessId, SES_EVENTS.delivery(stranger, { tags: undefined }));
    const mine = { business: who.businessId, event: new RegExp(stranger._id.toHexString()) };
    const { _id } = await NotificationModel.findOne(mine).lean().orFail();
    const { bulkWrite } = BusinessModel.collection;
    // After this worker has looked for the delivery, and before it says when to look again.
    vi.spyOn(BusinessModel.collection, 'bulkWrite').mockImplementationOnce(async function (
      this: typeof BusinessModel.collection,
      ...call: unknown[]
    ) {
      await NotificationModel.updateOne({ _id }, { $set: { result: 'applied' }, $unset: { dueAt: 1, event: 1 } });
      return Reflect.apply(bulkWrite, this, call);
    } as never);
    await processDue();
    const row = await NotificationModel.findById(_id).lean().orFail();
    expect(row.result).toBe('applied');
    expect(row.dueAt).toBeUndefined();
  });
});

describe('a worker that dies while it applies events', () => {
  type Step = readonly [what: string, collection: () => mongoose.Collection, method: keyof mongoose.Collection];
  const steps: Step[] = [
    ['the ledger', () => DeliveryModel.collection, 'bulkWrite'],
    ['the suppression list', () => SuppressionModel.collection, 'updateOne'],
    ['the log', () => EventModel.collection, 'insertMany'],
    ['the time of the last event', () => BusinessModel.collection, 'bulkWrite'],
    ['the queue', () => NotificationModel.collection, 'bulkWrite'],
  ];
  const deaths = steps.flatMap((step) => [['before', ...step] as const, ['after', ...step] as const]);

  it.each(deaths)('%s it has written %s loses nothing and does nothing twice', async (when, what, of, method) => {
    const { who } = await wired();
    const one = await delivery(who);
    await keep(who.businessId, SES_EVENTS.bounce(one), SES_EVENTS.open(one), SES_EVENTS.complaint(one));
    await BusinessModel.updateOne({ _id: who.businessId }, { $unset: { 'eventWiring.lastEventAt': 1 } });
    const collection = of();
    const write = collection[method] as unknown as (...call: unknown[]) => Promise<unknown>;
    let deaths = 0;
    vi.spyOn(collection, method as 'updateMany').mockImplementationOnce(async function (
      this: unknown,
      ...call: unknown[]
    ) {
      // Of two reasons for one address at the same moment one may find that the other has made its row.
      if (when === 'after') await Reflect.apply(write, this, call).catch(() => undefined);
      deaths += 1;
      throw new mongoose.mongo.MongoNetworkError('killed');
    } as never);
    await expect(processDue()).rejects.toThrow('killed');
    expect(deaths).toBe(1);
    vi.restoreAllMocks();
    expect(await waiting()).toBe(when === 'after' && what === 'the queue' ? 0 : 3);

    // Two others take it up at the same moment.
    await Promise.all([processDue(), processDue()]);
    expect(await waiting()).toBe(0);
    expect(await read(one)).toMatchObject({
      status: 'complained',
      harm: 'complained',
      bouncedAt: new Date(later(5)),
      openedAt: new Date(later(120)),
      complainedAt: new Date(later(3_600)),
    });
    expect(await logged(one)).toMatchObject([
      { type: 'email.bounced', data: BOUNCED },
      { type: 'email.opened' },
      { type: 'email.complained' },
    ]);
    const listed = await SuppressionModel.find({ business: who.businessId, email: one.email }).lean();
    expect(listed.flatMap(({ reasons }) => reasons.map(({ reason }) => reason)).sort()).toEqual([
      'bounced',
      'complained',
    ]);
  });
});

describe('an address that bounces softly', () => {
  it('is given up at its fifth bounce in thirty days, and not before', async () => {
    const { who } = await wired();
    const email = `${unique()}@example.com`;
    const tenant = { businessId: new Types.ObjectId(who.businessId) };
    const soft = (one: Delivery, at: string) => {
      const event = SES_EVENTS.bounce(one, {}, 'Transient', 'MailboxFull') as unknown as {
        bounce: { timestamp: string };
      };
      event.bounce.timestamp = at;
      return event;
    };
    const days = [-31, 0, 7, 14, 21];
    for (const day of days) {
      const event = soft(await delivery(who, { email }), later(day * 86_400));
      // Told in two notifications it is still one bounce.
      await keep(who.businessId, event, event);
    }
    await processDue();
    expect((await blockedForAll(tenant, [email])).get(email)).toBeUndefined();
    await keep(who.businessId, soft(await delivery(who, { email }), later(28 * 86_400)));
    await processDue();
    expect((await blockedForAll(tenant, [email])).get(email)).toBe('bounced');
  });
});

describe('the events of one message', () => {
  it('come to the same end in a thousand orders, each with duplicates', async () => {
    const { who } = await wired();
    const kinds = ['send', 'delivery', 'open', 'click', 'bounce', 'complaint'] as const;
    const ends = new Set<string>();
    const seeds = Array.from({ length: 1_000 }, (_, seed) => seed);
    const deliveries = await DeliveryModel.insertMany(
      seeds.map((seed) => ({
        business: who.businessId,
        campaign: new Types.ObjectId(),
        email: `order${seed}@example.com`,
        bucket: seed % BUCKETS,
        dueAt: new Date(0),
        attempts: 1,
        status: seed % 2 ? 'unconfirmed' : 'sending',
        createdAt: new Date(),
      })),
    );
    const random = mulberry(7);
    // One event of each a round: what comes first of a delivery is applied first.
    const orders = deliveries.map((one) => {
      const events = [...kinds, ...kinds.filter(() => random() < 0.5)].map((kind) => SES_EVENTS[kind](one));
      return events.map((event) => [random(), event] as const).sort(([a], [b]) => a - b);
    });
    for (let n = 0; n < 2 * kinds.length; n += 1) {
      await keep(who.businessId, ...orders.flatMap((order) => order.slice(n, n + 1).map(([, event]) => event)));
      await processDue();
    }
    for (const one of await DeliveryModel.find({ email: /^order/ }).lean<Delivery[]>()) {
      const { _id, email, bucket, createdAt, campaign, harmedAt, messageId, ...end } = one;
      expect(harmedAt).toBeInstanceOf(Date);
      expect(messageId).toBe(`ses-${_id}`);
      ends.add(JSON.stringify(end, Object.keys(end).sort()));
    }
    expect([...ends]).toHaveLength(1);
    expect(JSON.parse([...ends][0] ?? '')).toMatchObject({
      status: 'complained',
      harm: 'complained',
      sentAt: SENT_AT,
      deliveredAt: later(3),
      bouncedAt: later(5),
      openedAt: later(120),
      clickedAt: later(180),
      complainedAt: later(3_600),
    });
  }, 120_000);
});

/** Random numbers that are the same each time (mulberry32). */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
