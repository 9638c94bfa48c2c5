import { Types } from 'mongoose';
import type { z } from 'zod';
import { notFound } from '../../errors.js';
import { type Delivery, DeliveryModel } from '../../models/delivery.js';
import { type Event, EventModel } from '../../models/event.js';
import { EMAIL_STREAMS, type Message, MessageModel } from '../../models/message.js';
import { type MessageContent, MessageContentModel } from '../../models/message-content.js';
import type { ListEmails } from '../../schemas/emails.js';
import { type Caller, owned, type Tenant } from '../../tenant.js';
import * as pages from '../pages.js';
import type { Email } from './accept.js';

/** Events that are told with a message. */
const EVENTS = 200;

/** Of an address's messages so many are looked at together for those that are asked for. */
const LOOKED_AT = 200;

type Filters = z.output<typeof ListEmails.query>;

/** The tenant's messages, newest first; a test key sees those of test keys alone. */
export async function list(
  tenant: Tenant,
  caller: Caller,
  { stream, email, tag, ...page }: Filters,
): Promise<pages.Page<Email>> {
  const filter = {
    stream: stream ?? { $in: [...EMAIL_STREAMS] },
    ...modeOf(caller),
    ...(tag ? tagOf(tag) : {}),
  };
  const find = (among: object, count: number) =>
    MessageModel.find(owned(tenant, { ...filter, ...among }))
      .sort({ _id: -1 })
      .limit(count)
      .lean<Message[]>();
  const { items, pagination } = await pages.read(page, (before, count) =>
    email
      ? findTo(tenant, { email, stream: filter.stream, ...modeOf(caller) }, { before, count, find })
      : find(before, count),
  );
  return { items: await withDeliveries(tenant, items), pagination };
}

/** @throws AppError `not_found`. */
export async function get(tenant: Tenant, caller: Caller, id: string): Promise<Email> {
  const message = await MessageModel.findOne(
    owned(tenant, { _id: new Types.ObjectId(id), stream: { $in: [...EMAIL_STREAMS] }, ...modeOf(caller) }),
  ).lean<Message>();
  const [email] = message ? await withDeliveries(tenant, [message]) : [];
  if (!email) throw notFound('email');
  return email;
}

/** What is in a message, but for the bytes of its files, and its latest events. */
export async function detailsOf(
  tenant: Tenant,
  { message, deliveries }: Email,
): Promise<{ content: MessageContent | null; events: Event[] }> {
  const [content, events] = await Promise.all([
    MessageContentModel.findOne(owned(tenant, { _id: message._id }), { 'files.content': 0 }).lean<MessageContent>(),
    EventModel.find(owned(tenant, { delivery: { $in: deliveries.map(({ _id }) => _id) } }))
      .sort({ at: -1, _id: -1 })
      .limit(EVENTS)
      .lean<Event[]>(),
  ]);
  return { content, events };
}

/** A message without deliveries was never accepted: its process died, or is still at it. */
async function withDeliveries(tenant: Tenant, messages: readonly Message[]): Promise<Email[]> {
  const rows = await DeliveryModel.find(owned(tenant, { message: { $in: messages.map(({ _id }) => _id) } }))
    .sort({ _id: 1 })
    .lean<Delivery[]>();
  const byMessage = new Map<string, Delivery[]>();
  for (const row of rows) {
    const id = String(row.message);
    byMessage.set(id, [...(byMessage.get(id) ?? []), row]);
  }
  return messages.flatMap((message) => {
    const deliveries = byMessage.get(String(message._id));
    return deliveries ? [{ message, deliveries: inOrder(message, deliveries) }] : [];
  });
}

/** As the request named them: to, cc, bcc. */
function inOrder({ to, cc, bcc }: Message, deliveries: readonly Delivery[]): Delivery[] {
  const place = new Map([...to, ...cc, ...bcc].map(({ email }, index) => [email, index]));
  return [...deliveries].sort((a, b) => (place.get(a.email) ?? 0) - (place.get(b.email) ?? 0));
}

interface Search {
  before: { _id?: { $lt: Types.ObjectId } };
  count: number;
  find: (among: object, count: number) => Promise<Message[]>;
}

/** The ledger knows which messages went to an address; what else is asked for may hold for few of them. */
async function findTo(tenant: Tenant, deliveries: object, { before, count, find }: Search): Promise<Message[]> {
  const found: Message[] = [];
  const atOnce = Math.max(count, LOOKED_AT);
  for (let message: object = { $type: 'objectId', ...before._id }; ; ) {
    const rows = await DeliveryModel.find(owned(tenant, { ...deliveries, message }), { message: 1 })
      .sort({ message: -1 })
      .limit(atOnce)
      .lean<Pick<Delivery, 'message'>[]>();
    const ids = rows.flatMap(({ message: id }) => (id ? [id] : []));
    found.push(...(await find({ _id: { $in: ids } }, count - found.length)));
    if (found.length === count || ids.length < atOnce) return found;
    message = { $type: 'objectId', $lt: ids.at(-1) };
  }
}

const modeOf = ({ isTest }: Caller) => (isTest ? { isTest: true } : {});

/** The name is there twice: from `$elemMatch` alone MongoDB does not see that the index of those with tags holds them. */
function tagOf(tag: string) {
  const at = tag.indexOf(':');
  const name = tag.slice(0, at);
  return { 'tags.name': name, tags: { $elemMatch: { name, value: tag.slice(at + 1) } } };
}
