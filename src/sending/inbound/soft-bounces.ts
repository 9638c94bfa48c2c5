import { EventModel } from '../../models/event.js';
import { suppress } from '../suppression.js';
import type { LogRow } from './log-row.js';

/** So many transient bounces of an address within so long, in ms, and nobody writes to it any more. */
const ENOUGH = 5;
const WITHIN_MS = 30 * 86_400_000;

/** So many are looked at. */
const MAX_ROWS = 100;

/**
 * Suppresses the addresses of these rows that have bounced too often, though never for good: a mailbox that is full for a
 * month is given up, also where something was delivered in between. Counted in the log, so the rows must be in it: the
 * messages, each once, for SES may tell of one bounce in two notifications.
 */
export async function suppressSoft(rows: readonly LogRow[]): Promise<void> {
  for (const { business, email, type, at, data } of rows) {
    if (type !== 'email.bounced' || data?.permanent !== false || !email) continue;
    const around = { $gte: new Date(at.getTime() - WITHIN_MS), $lte: new Date(at.getTime() + WITHIN_MS) };
    const bounces = await EventModel.find(
      { business, email, type, 'data.permanent': false, at: around },
      { at: 1, delivery: 1 },
    )
      .sort({ at: -1 })
      .limit(MAX_ROWS)
      .lean();
    const byMessage = new Map(bounces.map((bounce) => [String(bounce.delivery), bounce.at.getTime()]));
    if (!areTooMany([...byMessage.values()].sort((a, b) => b - a))) continue;
    await suppress({ businessId: business }, email, 'bounced', 'soft-bounces');
  }
}

/** Whether enough of them lie within the time. @param times in ms, the latest first. */
function areTooMany(times: readonly number[]): boolean {
  return times.some((time, n) => time - (times[n + ENOUGH - 1] ?? Number.NEGATIVE_INFINITY) <= WITHIN_MS);
}
