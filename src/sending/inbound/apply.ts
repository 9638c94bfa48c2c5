import mongoose, { Types } from 'mongoose';
import { type Delivery, DeliveryModel } from '../../models/delivery.js';
import { JOURNALED } from '../../mongo.js';
import type { SesEvent } from '../../ses/events.js';
import { owned, type Tenant } from '../../tenant.js';
import { suppress } from '../suppression.js';
import { harmOf, updateOf } from './effects.js';

/** So many addresses are put on suppression lists at the same time. */
const LANES = 16;

/** An event, and whose inbound URL it came to. */
export interface Told {
  tenant: Tenant;
  event: SesEvent;
  /** Of a test key's mail: it puts no address on the list. */
  isTest?: boolean;
}

/** What of a delivery never changes, and says whose it is. */
export type Subject = Pick<Delivery, '_id' | 'business' | 'campaign' | 'message' | 'email' | 'isTest' | 'attempts'>;

const SUBJECT = { business: 1, campaign: 1, message: 1, email: 1, isTest: 1, attempts: 1 } as const;

/** The delivery that an event was applied to, or why it could not be; undefined where there is no such delivery. */
export type Applied = { subject: Subject } | { error: unknown } | undefined;

/**
 * Moves the deliveries that events are about, then puts addresses on suppression lists: many events in a few writes, each
 * of which can be repeated. Only deliveries of an event's own tenant are touched: those named by the hub's own tags, else
 * by SES's MessageId.
 * @returns what became of each.
 * @throws where MongoDB is away: that is about no event.
 */
export async function applyEvents(told: readonly Told[]): Promise<Applied[]> {
  const subjects = await subjectsOf(told);
  const applied: Applied[] = subjects.map((subject) => subject && { subject });
  for (const [place, error] of await move(told, subjects)) applied[place] = { error };
  await suppressAddresses(told, applied);
  return applied;
}

async function subjectsOf(told: readonly Told[]): Promise<(Subject | undefined)[]> {
  const ids = told.flatMap(({ event: { tags } }) => (isNamed(tags) ? [new Types.ObjectId(tags.delivery)] : []));
  const businesses = told.map(({ tenant }) => tenant.businessId);
  const rows = await DeliveryModel.find({ _id: { $in: ids }, business: { $in: businesses } }, SUBJECT).lean<
    Subject[]
  >();
  const byId = new Map(rows.map((row) => [row._id.toHexString(), row]));
  return Promise.all(
    told.map(async ({ tenant, event: { tags, messageId } }) => {
      // A topic of an identity sends no tags (Amazon SES Developer Guide, "Contents of Amazon SNS notifications").
      if (tags.delivery === undefined) return (await byMessageId(tenant, messageId)) ?? undefined;
      const row = byId.get(tags.delivery.toLowerCase());
      return row?.business.equals(tenant.businessId) && row.attempts >= (tags.attempt ?? Infinity) ? row : undefined;
    }),
  );
}

/** The tags tell an attempt before its answer is recorded. */
function isNamed({ delivery, attempt }: SesEvent['tags']): boolean {
  return delivery !== undefined && Types.ObjectId.isValid(delivery) && attempt !== undefined && attempt >= 1;
}

const byMessageId = (tenant: Tenant, messageId: string) =>
  DeliveryModel.findOne(owned(tenant, { messageId }), SUBJECT).lean<Subject>();

/** @returns the places in `told` of what MongoDB refused, each with its error. */
async function move(
  told: readonly Told[],
  subjects: readonly (Subject | undefined)[],
): Promise<[place: number, error: unknown][]> {
  const writes = told.flatMap(({ tenant, event }, place) => {
    const subject = subjects[place];
    if (!subject) return [];
    return [{ place, updateOne: { filter: owned(tenant, { _id: subject._id }), update: updateOf(event) } }];
  });
  if (writes.length === 0) return [];
  try {
    await DeliveryModel.collection.bulkWrite(
      writes.map(({ updateOne }) => ({ updateOne })),
      { ordered: false, writeConcern: JOURNALED },
    );
    return [];
  } catch (error) {
    if (!(error instanceof mongoose.mongo.MongoBulkWriteError)) throw error;
    const failures = [error.writeErrors].flat();
    if (failures.length === 0 || error.result.getWriteConcernError()) throw error;
    return failures.flatMap((failure): [number, unknown][] => {
      const write = writes[failure.index];
      return write ? [[write.place, error]] : [];
    });
  }
}

/** What fails for one address is noted in `applied`. */
async function suppressAddresses(told: readonly Told[], applied: Applied[]): Promise<void> {
  const work = told.flatMap(({ tenant, event, isTest }, place) => {
    const [harm, one] = [isTest ? undefined : harmOf(event), applied[place]];
    return harm && one && 'subject' in one ? [{ tenant, harm, place, subject: one.subject }] : [];
  });
  const lane = async () => {
    for (let next = work.shift(); next; next = work.shift()) {
      const { tenant, harm, place, subject } = next;
      try {
        await suppress(tenant, subject.email, harm, `ses:${subject._id.toHexString()}`);
      } catch (error) {
        // What the server itself refuses is about this address; anything else is that MongoDB is away.
        if (!(error instanceof mongoose.mongo.MongoServerError)) throw error;
        applied[place] = { error };
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}
