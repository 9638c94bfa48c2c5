import { Types } from 'mongoose';
import { type Attempt, partId, soleAttempt } from '../../attempt.js';
import { config } from '../../config.js';
import { AppError, invalid, type Problem, sesNotConfigured } from '../../errors.js';
import { logger } from '../../logger.js';
import type { Business } from '../../models/business.js';
import { AT_ONCE, bucketOf, type Delivery, DeliveryModel } from '../../models/delivery.js';
import { type Message, MessageModel } from '../../models/message.js';
import { MessageContentModel } from '../../models/message-content.js';
import { insertMissing, JOURNALED } from '../../mongo.js';
import { enqueueLine } from '../../queue/queues.js';
import type { NewEmail } from '../../schemas/emails.js';
import { domainOf } from '../../sending/domains/names.js';
import { senderProblem } from '../../sending/domains/sender.js';
import { roomFor } from '../../sending/limits/room.js';
import { blockedForAll, blockedForBulk } from '../../sending/suppression.js';
import { type Caller, owned, type Tenant } from '../../tenant.js';
import { within } from '../../within.js';
import { getActive } from '../businesses.js';
import { finish } from './content.js';

/** What could not be sent for so long, in ms, fails, where its sender says nothing else. */
const LIFETIME_MS = 24 * 3_600_000;

/** A message, and what becomes of it for each of its addresses. */
export interface Email {
  message: Message;
  deliveries: Delivery[];
}

/** An address of a message, and where the request names it. */
interface Addressee {
  email: string;
  name?: string | undefined;
  path: string;
}

/**
 * Accepts a message: when this resolves it is in MongoDB's journal, and it will be sent or be shown as failed. The insert of
 * its deliveries is what makes it true; what was written before that, and nobody ever reads, is its content and its header.
 * @throws AppError `validation_failed`; `business_inactive`; `ses_not_configured`; `domain_not_verified`; `suppressed` with
 * all such addresses; `quota_exceeded` where the month has no room for it.
 */
export async function send(
  tenant: Tenant,
  caller: Caller,
  input: NewEmail,
  attempt: Attempt = soleAttempt(),
): Promise<Email> {
  const known = attempt.isRepeat ? await made(tenant, attempt.id) : null;
  if (known) return known;
  checkTimes(input);
  const business = await getActive(tenant.businessId);
  const isTest = caller.isTest === true;
  const from = senderOf(input, business);
  if (!isTest) checkSender(business, from.email);
  const addressees = addresseesOf(input);
  const [frozen] = await Promise.all([
    finish(tenant, input, business),
    checkSuppressed(tenant, input, addressees),
    isTest ? undefined : checkQuota(business, input, addressees.length),
  ]);

  const createdAt = new Date();
  const due = input.scheduledFor ?? createdAt;
  const replyTo =
    input.replyTo ?? (business.settings.replyToEmail ? { email: business.settings.replyToEmail } : undefined);
  const message: Message = {
    _id: attempt.id,
    business: tenant.businessId,
    stream: input.stream,
    isTest,
    ...given({ template: input.template ? new Types.ObjectId(input.template) : undefined }),
    from,
    ...given({ replyTo }),
    to: input.to,
    cc: input.cc ?? [],
    bcc: input.bcc ?? [],
    subject: frozen.subject,
    tags: pairs(input.tags),
    ...given({ scheduledFor: input.scheduledFor }),
    expiresAt: input.expiresAt ?? new Date(due.getTime() + LIFETIME_MS),
    createdBy: caller.id,
    createdAt,
  };
  const files = input.attachments?.map((file) => ({ ...file, size: file.content.length }));
  const content = {
    _id: attempt.id,
    business: tenant.businessId,
    frozen: {
      ...frozen,
      fromEmail: from.email,
      ...given({ fromName: from.name, linkDomain: business.settings.trackingDomain }),
    },
    letter: { to: message.to, cc: message.cc, ...given({ replyTo }), headers: pairs(input.headers) },
    ...given({ files }),
    filesSize: files?.reduce((sum, { size }) => sum + size, 0) ?? 0,
    expiresAt: new Date(due.getTime() + config().eventRetentionMs),
  };
  const size = content.filesSize + frozen.text.length + (frozen.html?.length ?? 0);
  const deliveries = deliveriesOf(message, addressees, due === createdAt ? AT_ONCE : due, size);
  await Promise.all([
    insertMissing(MessageModel.collection, [message]),
    insertMissing(MessageContentModel.collection, [content]),
  ]);
  await insertMissing(DeliveryModel.collection, deliveries, JOURNALED);
  if (due === createdAt) await wake(message);
  return { message, deliveries };
}

/** What an earlier try of the same request made, if it came to an end. */
async function made(tenant: Tenant, id: Types.ObjectId): Promise<Email | null> {
  const [message, deliveries] = await Promise.all([
    MessageModel.findOne(owned(tenant, { _id: id })).lean<Message>(),
    DeliveryModel.find(owned(tenant, { message: id }))
      .sort({ _id: 1 })
      .lean<Delivery[]>(),
  ]);
  const expected = message ? message.to.length + message.cc.length + message.bcc.length : 0;
  return message && deliveries.length === expected ? { message, deliveries } : null;
}

function checkTimes({ scheduledFor, expiresAt }: NewEmail): void {
  const late = Object.entries({ scheduledFor, expiresAt }).filter(([, at]) => at && at.getTime() <= Date.now());
  if (late.length > 0) throw invalid(late.map(([path]) => ({ path, message: 'must lie in the future' })));
}

function senderOf({ from }: NewEmail, { settings }: Business): { email: string; name?: string | undefined } {
  if (from) return from;
  const { defaultFromEmail: email, defaultFromName: name } = settings;
  if (email) return { email, ...(name ? { name } : {}) };
  throw invalid([{ path: 'from', message: 'is required: the business’s settings name no sender' }]);
}

function checkSender(business: Business, fromEmail: string): void {
  if (!business.sesConfiguration.verified) throw sesNotConfigured();
  const problem = senderProblem(business, fromEmail);
  if (problem) throw new AppError('domain_not_verified', 422, problem);
}

/** @throws AppError `validation_failed` where an address is there twice: it would get the message twice. */
function addresseesOf({ to, cc = [], bcc = [] }: NewEmail): Addressee[] {
  const all = Object.entries({ to, cc, bcc }).flatMap(([field, boxes]) =>
    boxes.map(({ email, name }, place): Addressee => ({ email, name, path: `${field}.${place}` })),
  );
  const twice = all.filter(({ email }, place) => all.findIndex((other) => other.email === email) !== place);
  if (twice.length > 0) throw invalid(twice.map(({ path }): Problem => ({ path, message: 'is there twice' })));
  return all;
}

async function checkSuppressed(tenant: Tenant, { stream }: NewEmail, addressees: readonly Addressee[]): Promise<void> {
  const look = stream === 'broadcast' ? blockedForBulk : blockedForAll;
  const blocked = await look(
    tenant,
    addressees.map(({ email }) => email),
  );
  if (blocked.size === 0) return;
  const errors = addressees.flatMap(({ email, path }) => {
    const reason = blocked.get(email);
    return reason ? [{ path, message: `${email} is on the suppression list: ${reason}` }] : [];
  });
  throw new AppError('suppressed', 422, errors.map(({ message }) => message).join('; '), { errors });
}

async function checkQuota({ _id }: Business, { stream, scheduledFor }: NewEmail, wanted: number): Promise<void> {
  const room = await roomFor(_id, stream === 'broadcast' ? 'bulk' : 'transactional');
  // Another month pays for what is due after this one.
  const isOfLater = scheduledFor !== undefined && scheduledFor.getTime() > Date.now() + room.secondsLeft * 1_000;
  if (isOfLater || room.left >= wanted) return;
  const message = `The month’s messages are used up: ${room.left} are left, and this needs ${wanted}`;
  throw new AppError('quota_exceeded', 429, message, { retryAfterSeconds: room.secondsLeft });
}

function deliveriesOf(message: Message, addressees: readonly Addressee[], dueAt: Date, size: number): Delivery[] {
  const { _id, business, stream, isTest, expiresAt, createdAt, from } = message;
  return addressees.map(({ email, name }, place): Delivery => {
    // Whatever tries it again, also at the same time, makes the same rows.
    const id = partId({ id: _id }, place);
    return {
      _id: id,
      business,
      message: _id,
      stream,
      isTest,
      fromDomain: domainOf(from.email),
      sendBefore: expiresAt,
      size,
      email,
      ...given({ name }),
      status: 'pending',
      bucket: bucketOf(id),
      dueAt,
      attempts: 0,
      createdAt,
    };
  });
}

/** Whoever sends does not wait longer for Redis, in ms: the pulse wakes the line anyway. */
const WAKE_MS = 250;

/** Without Redis the pulse does it, when there is one again. */
export async function wake({ _id, business, stream, isTest }: Message): Promise<void> {
  await within(WAKE_MS, enqueueLine({ business, stream, isTest })).catch((err: unknown) =>
    logger().warn({ err, messageId: _id }, 'not enqueued; the pulse does it'),
  );
}

const pairs = (record: Record<string, string> = {}) => Object.entries(record).map(([name, value]) => ({ name, value }));

/** What is there of it. */
function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
