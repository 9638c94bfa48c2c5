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
    ...(tag ? { tags: tagOf(tag) } : {}),
  };
  const { items, pagination } = await pages.read(page, async (before, count) => {
    const found = email ? await toAddress(tenant, email, before, count) : before;
    return MessageModel.find(owned(tenant, { ...filter, ...found }))
      .sort({ _id: -1 })
      .limit(count)
      .lean<Message[]>();
  });
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

async function toAddress(tenant: Tenant, email: string, { _id }: { _id?: object }, count: number) {
  const filter = owned(tenant, { email, message: { $type: 'objectId' as const, ..._id } });
  const rows = await DeliveryModel.find(filter, { message: 1 }).sort({ message: -1 }).limit(count).lean();
  return { _id: { $in: rows.flatMap(({ message }) => (message ? [message] : [])) } };
}

const modeOf = ({ isTest }: Caller) => (isTest ? { isTest: true } : {});

function tagOf(tag: string) {
  const at = tag.indexOf(':');
  return { $elemMatch: { name: tag.slice(0, at), value: tag.slice(at + 1) } };
}
