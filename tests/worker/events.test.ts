import { Types } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { BUCKETS, type Delivery, DeliveryModel } from '../../src/models/delivery.js';
import { applyEvents } from '../../src/sending/inbound/apply.js';
import { blockedForAll } from '../../src/sending/suppression.js';
import { parseSesEvent, type SesEvent } from '../../src/ses/events.js';
import type { Tenant } from '../../src/tenant.js';
import { unique } from '../support/factories.js';
import { useHub } from '../support/hub.js';
import { as, launched, people, sender, ses, statesOf, untilCampaign, useWorkers } from '../support/sending.js';

useHub();
const startWorkers = useWorkers();

const tenant = { businessId: new Types.ObjectId() };

async function delivery(fields: object): Promise<Delivery> {
  const created = await DeliveryModel.create({
    business: tenant.businessId,
    campaign: new Types.ObjectId(),
    email: `${unique()}@example.com`,
    bucket: Math.floor(Math.random() * BUCKETS),
    dueAt: new Date(0),
    attempts: 1,
    createdAt: new Date(),
    ...fields,
  });
  return created.toObject();
}

const SENT_AT = '2026-11-24T10:00:00.000Z';

function event(kind: string, { _id, email }: Delivery, detail: object = {}, attempt = 1): SesEvent {
  const parsed = parseSesEvent({
    eventType: kind,
    mail: {
      timestamp: SENT_AT,
      messageId: `ses-${attempt}`,
      destination: [email],
      tags: { pmh_delivery: [String(_id)], pmh_attempt: [String(attempt)] },
    },
    ...detail,
  });
  if (!parsed) throw new Error(`${kind} is not read`);
  return parsed;
}

const bounce = (one: Delivery, bounceType = 'Permanent', bounceSubType = 'General') =>
  event('Bounce', one, {
    bounce: {
      bounceType,
      bounceSubType,
      bouncedRecipients: [{ emailAddress: one.email, diagnosticCode: '550' }],
      timestamp: '2026-11-24T10:00:05.000Z',
    },
  });
const complaint = (one: Delivery, complaintFeedbackType = 'abuse') =>
  event('Complaint', one, {
    complaint: {
      complainedRecipients: [{ emailAddress: one.email }],
      complaintFeedbackType,
      timestamp: '2026-11-24T11:00:00.000Z',
    },
  });
const delivered = (one: Delivery) => event('Delivery', one, { delivery: { timestamp: '2026-11-24T10:00:03.000Z' } });

/** @returns the delivery after it; undefined where the event has none. */
async function applyEvent(to: Tenant, one: SesEvent): Promise<Delivery | undefined> {
  const [applied] = await applyEvents([{ tenant: to, event: one }]);
  if (!applied) return undefined;
  if ('error' in applied) throw applied.error;
  return DeliveryModel.findById(applied.subject._id).lean<Delivery>().orFail();
}

const read = ({ _id }: Delivery) => DeliveryModel.findById(_id).lean().orFail();

describe('an event of SES', () => {
  it('settles what was in doubt', async () => {
    const doubt = { status: 'unconfirmed', unconfirmedAt: new Date(), error: { code: 'worker_lost' } };
    const one = await delivery(doubt);
    expect(await applyEvent(tenant, event('Send', one))).toMatchObject({ status: 'sent' });
    const settled = await read(one);
    expect(settled).toMatchObject({ status: 'sent', messageId: 'ses-1', sentAt: new Date(SENT_AT) });
    expect(settled.error).toBeUndefined();
    expect(settled.unconfirmedAt).toBeUndefined();
    const other = await delivery(doubt);
    await applyEvent(tenant, delivered(other));
    expect(await read(other)).toMatchObject({ status: 'delivered', messageId: 'ses-1', sentAt: new Date(SENT_AT) });
    const third = await delivery(doubt);
    await applyEvent(tenant, bounce(third, 'Transient', 'MailboxFull'));
    expect(await read(third)).toMatchObject({ status: 'sent' });
    const fourth = await delivery(doubt);
    await applyEvent(tenant, complaint(fourth, 'not-spam'));
    expect(await read(fourth)).toMatchObject({ status: 'sent' });
  });

  it('keeps from being mailed again who waits for another try and got the first one after all', async () => {
    const one = await delivery({ status: 'pending', attempts: 1, attemptsBefore: 1 });
    await applyEvent(tenant, event('Send', one));
    expect(await read(one)).toMatchObject({ status: 'sent' });
    const never = await delivery({ status: 'pending', attempts: 0 });
    expect(await applyEvent(tenant, event('Send', never))).toBeUndefined();
    expect((await read(never)).status).toBe('pending');
  });

  it.each([
    ['a delivery after a bounce', 'bounced', delivered],
    ['a bounce after a complaint', 'complained', bounce],
  ])('moves nothing back: %s', async (_what, status, make) => {
    const one = await delivery({ status });
    await applyEvent(tenant, make(one));
    expect((await read(one)).status).toBe(status);
  });

  it.each(['cancelled', 'suppressed'])(
    'shows that an attempt went out of what was %s before the next',
    async (status) => {
      const one = await delivery({ status, pastPeriods: ['2026-11'] });
      await applyEvent(tenant, delivered(one));
      expect((await read(one)).status).toBe('delivered');
      const never = await delivery({ status, attempts: 0 });
      expect(await applyEvent(tenant, delivered(never))).toBeUndefined();
    },
  );

  it('shows that an attempt went out of what SES refused at the next, which paid for nothing', async () => {
    const one = await delivery({
      status: 'failed',
      failedAt: new Date(),
      error: { code: 'MessageRejected', message: 'Illegal address' },
      attempts: 2,
      pastPeriods: ['2026-10'],
      claim: { token: new Types.ObjectId(), period: '2026-11' },
    });
    await applyEvent(tenant, delivered(one));
    const end = await read(one);
    expect(end).toMatchObject({ status: 'delivered', pastPeriods: ['2026-10'] });
    for (const gone of ['claim', 'failedAt', 'error'] as const) expect(end[gone]).toBeUndefined();
  });

  it('that SES rejected an attempt says nothing of the next one, nor ends its wait', async () => {
    const reject = (one: Delivery) => event('Reject', one, { reject: { reason: 'Bad content' } });
    const [next, waits] = [await delivery({ status: 'sent', attempts: 2 }), await delivery({ status: 'pending' })];
    for (const one of [next, waits]) {
      await applyEvent(tenant, reject(one));
      expect((await read(one)).status).toBe(one.status);
    }
  });

  it('that SES rejected it after all fails it', async () => {
    const one = await delivery({ status: 'sent', messageId: 'ses-1', sentAt: new Date() });
    await applyEvent(tenant, event('Reject', one, { reject: { reason: 'Bad content' } }));
    expect(await read(one)).toMatchObject({ status: 'failed', error: { message: 'Bad content' } });
  });

  it('that SES rejected it says that SES had taken it, also when it comes before the answer to the call', async () => {
    const one = await delivery({ status: 'sending' });
    await applyEvent(tenant, event('Reject', one, { reject: { reason: 'Bad content' } }));
    expect(await read(one)).toMatchObject({ status: 'failed', messageId: 'ses-1', sentAt: new Date(SENT_AT) });
  });

  it('puts bounced and complained addresses on the suppression list, and nobody else', async () => {
    const [gone, angry, full, content] = [
      await delivery({ status: 'sent' }),
      await delivery({ status: 'sent' }),
      await delivery({ status: 'sent' }),
      await delivery({ status: 'sent' }),
    ];
    await applyEvent(tenant, bounce(gone));
    await applyEvent(tenant, complaint(angry));
    await applyEvent(tenant, bounce(full, 'Transient', 'MailboxFull'));
    await applyEvent(tenant, complaint(content, 'not-spam'));
    const blocked = await blockedForAll(
      tenant,
      [gone, angry, full, content].map(({ email }) => email),
    );
    expect(Object.fromEntries(blocked)).toEqual({ [gone.email]: 'bounced', [angry.email]: 'complained' });
    expect((await read(content)).complainedAt).toBeUndefined();
  });

  it('counts neither the simulator nor the account’s own list against the sender', async () => {
    const simulated = await delivery({ status: 'sent', email: `bounce+${unique()}@simulator.amazonses.com` });
    const listed = await delivery({ status: 'sent' });
    await applyEvent(tenant, bounce(simulated));
    await applyEvent(tenant, bounce(listed, 'Permanent', 'OnAccountSuppressionList'));
    for (const one of [simulated, listed]) {
      const end = await read(one);
      expect(end.status).toBe('bounced');
      expect(end.harm).toBeUndefined();
    }
  });

  it('touches nothing of another tenant, or of an attempt that never was', async () => {
    const one = await delivery({ status: 'unconfirmed' });
    expect(await applyEvent({ businessId: new Types.ObjectId() }, event('Send', one))).toBeUndefined();
    expect(await applyEvent(tenant, event('Send', one, {}, 2))).toBeUndefined();
    for (const tags of [
      { delivery: 'nonsense', attempt: 1 },
      { delivery: String(one._id), attempt: 0 },
    ]) {
      expect(await applyEvent(tenant, { ...event('Send', one), tags })).toBeUndefined();
    }
    expect((await read(one)).status).toBe('unconfirmed');
  });
});

describe('an unclear answer', () => {
  it('is settled by SES’s event, which names the delivery by the tags it was sent with', async () => {
    const who = await sender();
    const recipients = people(10);
    const recipient = recipients[2]?.email ?? '';
    await ses().fail({ kind: 'accept-then-drop', accessKeyId: who.accessKeyId, recipient });
    const id = await launched(who, recipients);
    startWorkers();
    await untilCampaign(who, id, 'sent');
    expect(await statesOf(who, id)).toEqual({ sent: 9, unconfirmed: 1 });
    const [row] = await ses().recipients({ accessKeyId: who.accessKeyId, recipient });
    const sent = parseSesEvent({
      eventType: 'Send',
      mail: {
        timestamp: new Date(row?.at ?? 0).toISOString(),
        messageId: row?.messageId,
        destination: [recipient],
        tags: Object.fromEntries(Object.entries(row?.tags ?? {}).map(([name, value]) => [name, [value]])),
      },
    });
    expect(await applyEvent({ businessId: new Types.ObjectId(who.businessId) }, sent as SesEvent)).toMatchObject({
      status: 'sent',
    });
    expect(await statesOf(who, id)).toEqual({ sent: 10 });
    const { stats } = await as(who, 'get', `/api/campaigns/${id}/stats`);
    expect(stats.stats.sent).toBe(10);
  });
});
