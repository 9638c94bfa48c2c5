import { Types } from 'mongoose';
import type { z } from 'zod';
import { AUDIT_INDEXES, type AuditEntry, AuditEntryModel } from '../models/audit-entry.js';
import type { ListAudit } from '../schemas/audit.js';
import * as pages from './pages.js';
import { startingWith } from './prefix.js';

type Query = z.output<typeof ListAudit.query>;
type Filters = Pick<Query, 'business' | 'actor' | 'action' | 'from' | 'to'>;

/** What an action ends with that stands for all that begin so. */
const ANY = '*';

/** The last second that an id can carry. */
const LAST_SECOND = 2 ** 32 - 1;

/** What administrators did, newest first. @throws AppError `validation_failed` for a cursor that no page gave. */
export async function list({ limit, cursor, ...filters }: Query): Promise<pages.Page<AuditEntry>> {
  const { filter, index } = await queryOf(filters);
  return pages.read({ limit, cursor }, (before, count) =>
    AuditEntryModel.find({ $and: [filter, before] })
      .sort({ _id: -1 })
      .hint(index)
      .limit(count)
      .lean<AuditEntry[]>(),
  );
}

/**
 * How a page is looked for: by the index of the filter that leaves the fewest, in the order of the ids. Actions that begin
 * with something are named first, each by one step in the index, for a range of them would have to be sorted.
 */
export async function queryOf({ business, actor, action, from, to }: Filters) {
  const isPrefix = action?.endsWith(ANY);
  const actions = isPrefix ? { $in: await actionsFrom(action?.slice(0, -ANY.length) ?? '') } : action;
  const filter = {
    ...(business ? { business: new Types.ObjectId(business) } : {}),
    ...(actor ? { actor: new Types.ObjectId(actor) } : {}),
    ...(actions ? { action: actions } : {}),
    ...between(from, to),
  };
  return { filter, index: indexOf({ business, actor, action }) };
}

const actionsFrom = (prefix: string): Promise<string[]> =>
  AuditEntryModel.distinct('action', { action: startingWith(prefix) });

function indexOf({ business, actor, action }: Filters) {
  if (business) return AUDIT_INDEXES.business;
  if (actor) return AUDIT_INDEXES.actor;
  return action ? AUDIT_INDEXES.action : AUDIT_INDEXES.all;
}

/** Ids carry their second, which bounds the walk; the exact time says the rest. An entry's id is made before its time. */
function between(from: Date | undefined, to: Date | undefined) {
  if (!from && !to) return {};
  const atSecond = (date: Date, more: number) => {
    const seconds = Math.floor(date.getTime() / 1_000) + more;
    return Types.ObjectId.createFromTime(Math.min(LAST_SECOND, Math.max(0, seconds)));
  };
  return {
    _id: { ...(from ? { $gte: atSecond(from, -1) } : {}), ...(to ? { $lt: atSecond(to, 1) } : {}) },
    createdAt: { ...(from ? { $gte: from } : {}), ...(to ? { $lt: to } : {}) },
  };
}
