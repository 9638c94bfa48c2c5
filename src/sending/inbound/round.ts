import { logger } from '../../logger.js';
import { BusinessModel } from '../../models/business.js';
import { type Notification, NotificationModel, type NotificationResult } from '../../models/notification.js';
import { JOURNALED } from '../../mongo.js';
import { parseSesEvent, type SesEvent } from '../../ses/events.js';
import { log } from '../log.js';
import type { Periodic } from '../upkeep/periodic.js';
import { type Applied, applyEvents } from './apply.js';
import { type LogRow, logRowOf } from './log-row.js';
import { suppressSoft } from './soft-bounces.js';

/** So many notifications are read and applied at once. */
const ROUND = 500;

/** An event of a message that the ledger does not know yet is kept for so long, in ms: its outcome may still come. */
const UNKNOWN_MS = 24 * 3_600_000;
const LONGEST_WAIT_MS = 3_600_000;

/** What fails again and again is set aside. */
const MAX_TRIES = 10;

/** What was processed is kept so long, in ms, so that what SNS sends again is known; what failed, until somebody looks. */
const KEPT_MS = 48 * 3_600_000;
const FAILED_KEPT_MS = 30 * 86_400_000;

/** "The last event came at": to the minute. */
const LAST_EVENT_MS = 60_000;

/** Twice a second, in one worker at a time; another one beside it does no harm, for each step can be repeated. */
export const INBOUND: Periodic = { name: 'inbound', everyMs: 500, leaseMs: 5_000, round: processDue };

/** How one notification ended for this time. */
type End = { result: NotificationResult; note?: string } | { again: Date };

interface Processed {
  notification: Notification;
  end: End;
  row?: LogRow | undefined;
}

/**
 * Applies what SES has told: to the ledger, the suppression list and the log, and only then takes it off the queue. Whatever
 * dies in between, the next round does it again, and changes nothing that was done.
 */
export async function processDue(): Promise<void> {
  for (;;) {
    const due = await NotificationModel.find({ dueAt: { $lte: new Date() } })
      .sort({ dueAt: 1 })
      .limit(ROUND)
      .lean<Notification[]>();
    if (due.length === 0) return;
    const processed = await processAll(due);
    const rows = processed.flatMap(({ row }) => (row ? [row] : []));
    await log(rows);
    await suppressSoft(rows.filter(({ isTest }) => !isTest));
    await noteEvents(due);
    await NotificationModel.collection.bulkWrite(processed.map(toUpdate), { ordered: false, writeConcern: JOURNALED });
    if (due.length < ROUND) return;
  }
}

async function processAll(due: readonly Notification[]): Promise<Processed[]> {
  const read = due.map((notification) => ({ notification, event: eventOf(notification) }));
  const told = read.flatMap(({ notification: { business, isTest }, event }) =>
    event ? [{ tenant: { businessId: business }, event, isTest: isTest === true }] : [],
  );
  const applied = await applyEvents(told);
  return read.map(({ notification, event }) =>
    event ? concluded(notification, event, applied.shift()) : ignored(notification),
  );
}

function concluded(notification: Notification, event: SesEvent, applied: Applied): Processed {
  if (!applied) return { notification, end: unknown(notification, event) };
  if ('error' in applied) return { notification, end: failed(notification, applied.error) };
  return { notification, end: { result: 'applied' }, row: logRowOf(notification, event, applied.subject) };
}

function ignored(notification: Notification): Processed {
  logger().debug({ notificationId: notification._id, businessId: notification.business }, 'a kind of event not known');
  return { notification, end: { result: 'ignored', note: 'Not an event of a message’s way' } };
}

function eventOf({ event }: Notification): SesEvent | undefined {
  try {
    return parseSesEvent(JSON.parse(event ?? ''));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * By the hub's tags it would be known by now, for a delivery is written before SES is called; by SES's MessageId alone, its
 * outcome may not be recorded yet.
 */
function unknown({ receivedAt, tries }: Notification, { tags }: SesEvent): End {
  const isHopeless = tags.delivery !== undefined || Date.now() - receivedAt.getTime() > UNKNOWN_MS;
  if (isHopeless) return { result: 'no_delivery', note: 'No delivery of this business has such a message' };
  return { again: new Date(Date.now() + backoffMs(tries)) };
}

function failed({ _id, business, tries }: Notification, err: unknown): End {
  logger().error({ err, notificationId: _id, businessId: business, tries }, 'an event of SES could not be applied');
  if (tries + 1 >= MAX_TRIES) return { result: 'failed', note: err instanceof Error ? err.name : 'unknown' };
  return { again: new Date(Date.now() + backoffMs(tries)) };
}

const backoffMs = (tries: number) => Math.min(LONGEST_WAIT_MS, 1_000 * 2 ** tries);

/** Only while it is as it was read: what another worker has taken off meanwhile is not put back. */
function toUpdate({ notification: { _id, dueAt }, end }: Processed) {
  return { updateOne: { filter: { _id, dueAt }, update: 'again' in end ? later(end) : over(end) } };
}

const later = ({ again }: { again: Date }) => ({ $set: { dueAt: again }, $inc: { tries: 1 } });

function over({ result, note }: { result: NotificationResult; note?: string }) {
  const hasFailed = result === 'failed';
  const expiresAt = new Date(Date.now() + (hasFailed ? FAILED_KEPT_MS : KEPT_MS));
  return {
    $set: { result, expiresAt, ...(note === undefined ? {} : { note }) },
    $unset: hasFailed ? { dueAt: 1 as const } : { dueAt: 1 as const, event: 1 as const },
  };
}

async function noteEvents(due: readonly Notification[]): Promise<void> {
  const byTime = due.filter(({ isTest }) => !isTest).sort((a, b) => a.receivedAt.getTime() - b.receivedAt.getTime());
  // What waits for its delivery is looked at for a day: it came once.
  const last = new Map(byTime.map((notification) => [notification.business.toHexString(), notification]));
  if (last.size > 0) await BusinessModel.collection.bulkWrite([...last.values()].map(toNote), { ordered: false });
}

function toNote({ business, receivedAt }: Notification) {
  const isOld = { $lt: new Date(receivedAt.getTime() - LAST_EVENT_MS) };
  const filter = {
    _id: business,
    eventWiring: { $exists: true },
    $or: [{ 'eventWiring.lastEventAt': null }, { 'eventWiring.lastEventAt': isOld }],
  };
  return { updateOne: { filter, update: { $set: { 'eventWiring.lastEventAt': receivedAt } } } };
}
