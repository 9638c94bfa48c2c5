import type { Types } from 'mongoose';
import { logger } from '../logger.js';
import { type Delivery, DeliveryModel } from '../models/delivery.js';
import { log } from '../sending/log.js';
import { subjectOf } from '../sending/outcome-events.js';
import { idWithin } from './event-ids.js';
import { type Hit, isKnownMachine, isSoon } from './machines.js';
import { type MessageLink, verifyOpen } from './tokens.js';

/** Opens are gathered for so long, in ms, and in such numbers; a killed process forgets those of its last second. */
const GATHER_MS = 1_000;
const MAX_GATHERED = 20_000;

/** Written at once; enough to be quick, and no more than a moment of MongoDB's. */
const CHUNK = 1_000;

/** The log has one open of a message and kind in this time, in ms: some mail programs ask each time it is shown. */
const LOGGED_EVERY_MS = 3_600_000;

interface Open extends MessageLink {
  hit: Hit;
  /** By what the request tells; undefined where that is nothing. */
  isKnownMachine: boolean | undefined;
}

/** By delivery, second, and whether it is known for a machine's: the first of each tells all there is. */
let gathered = new Map<string, Open>();
/** How many were taken from there, and neither written nor put back yet. */
let underWay = 0;
let timer: NodeJS.Timeout | undefined;
let writing: Promise<void> = Promise.resolve();

/**
 * Notes that a message was opened; written within about a second. Where too many wait already, it resolves once this one
 * is written, so that whoever asks waits and nothing is lost.
 * @param hit who opened it; undefined where nobody did, as with HEAD.
 * @returns whether the token is the hub's.
 */
export async function noteOpen(token: string, hit: Hit | undefined): Promise<boolean> {
  const link = verifyOpen(token);
  if (!link || !hit) return link !== undefined;
  const open = { ...link, hit, isKnownMachine: isKnownMachine(hit) };
  const key = keyOf(open);
  if (gathered.has(key)) return true;
  if (gathered.size + underWay >= MAX_GATHERED) {
    await write([open]);
    return true;
  }
  gathered.set(key, open);
  timer ??= setTimeout(() => void flushOpens(), GATHER_MS);
  return true;
}

/** Writes what was gathered; what MongoDB did not take is tried again a second later. Never throws. */
export function flushOpens(): Promise<void> {
  clearTimeout(timer);
  timer = undefined;
  const opens = [...gathered.values()];
  gathered = new Map();
  underWay += opens.length;
  writing = writing.then(async () => {
    for (let first = 0; first < opens.length; first += CHUNK) {
      const chunk = opens.slice(first, first + CHUNK);
      await write(chunk).catch((err: unknown) => {
        logger().warn({ err, opens: chunk.length }, 'opens could not be written; they are tried again');
        gatherAgain(chunk);
      });
      underWay -= chunk.length;
    }
  });
  return writing;
}

/** Writes what is still gathered, when the process ends. @throws Error where something is lost with it. */
export async function closeOpens(): Promise<void> {
  await flushOpens();
  clearTimeout(timer);
  timer = undefined;
  if (gathered.size > 0) throw new Error(`${gathered.size} opens could not be written`);
}

function gatherAgain(opens: readonly Open[]): void {
  for (const open of opens) gathered.set(keyOf(open), open);
  timer ??= setTimeout(() => void flushOpens(), GATHER_MS);
}

/** The second, as a scanner may come so soon as a person cannot, and wait here with the person behind it. */
const keyOf = ({ deliveryId, hit, isKnownMachine: known }: Open) =>
  `${deliveryId.toHexString()} ${Math.floor(hit.at.getTime() / GATHER_MS)} ${known ?? ''}`;

type Known = Pick<
  Delivery,
  | '_id'
  | 'business'
  | 'campaign'
  | 'message'
  | 'isTest'
  | 'email'
  | 'sentAt'
  | 'deliveredAt'
  | 'unconfirmedAt'
  | 'openedAt'
  | 'machineOpenedAt'
>;

const KNOWN = {
  ...{ business: 1, campaign: 1, message: 1, isTest: 1, email: 1 },
  ...{ sentAt: 1, deliveredAt: 1, unconfirmedAt: 1, openedAt: 1, machineOpenedAt: 1 },
};

/** The earliest open of each kind stays, whatever the order. Only a delivery of the token's business is touched. */
async function write(opens: readonly Open[]): Promise<void> {
  const ids = opens.map((open) => open.deliveryId);
  const deliveries = await DeliveryModel.collection
    .find<Known>({ _id: { $in: ids } }, { projection: KNOWN, batchSize: CHUNK })
    .toArray();
  const byId = new Map(deliveries.map((delivery) => [delivery._id.toHexString(), delivery]));
  const seen = opens.flatMap(({ businessId, deliveryId, hit, isKnownMachine: known }) => {
    const delivery = byId.get(deliveryId.toHexString());
    if (!delivery?.business.equals(businessId)) return [];
    return [{ delivery, hit, machine: known ?? isSoon(hit.at, delivery) }];
  });
  const writes = seen.flatMap(({ delivery, hit: { at }, machine }) => {
    const field = machine ? 'machineOpenedAt' : 'openedAt';
    const known = delivery[field];
    return known && known <= at ? [] : [updateOf(delivery, { [field]: at })];
  });
  if (writes.length > 0) await DeliveryModel.collection.bulkWrite(writes, { ordered: false });
  await log(
    seen.map(({ delivery, hit, machine }) => ({
      _id: idWithin(['opened', delivery._id.toHexString(), machine], hit.at, LOGGED_EVERY_MS),
      type: 'email.opened' as const,
      at: hit.at,
      ...subjectOf(delivery),
      data: { machine, userAgent: hit.userAgent, ...(hit.ip ? { ip: hit.ip } : {}) },
    })),
  );
}

function updateOf({ _id, business }: { _id: Types.ObjectId; business: Types.ObjectId }, at: Record<string, Date>) {
  return { updateOne: { filter: { _id, business }, update: { $min: at } } };
}
