import type { Types } from 'mongoose';
import { type Delivery, DeliveryModel, LINE } from '../../models/delivery.js';
import { MESSAGE_STREAMS } from '../../models/message.js';
import type { Line } from './line-source.js';

/** Every stream, really sent and only tested. */
const KINDS = MESSAGE_STREAMS.flatMap((stream) => [false, true].map((isTest) => ({ stream, isTest })));

/** The lines that have something to send at this moment. */
export async function dueLines(): Promise<Line[]> {
  const lines = await Promise.all(KINDS.map(linesOf));
  return lines.flat();
}

/**
 * From business to business, each with its first message in the order of their times: two keys of the index of what waits, however
 * much each of them has waiting or scheduled.
 */
async function linesOf(kind: Omit<Line, 'business'>): Promise<Line[]> {
  const now = new Date();
  const lines: Line[] = [];
  for (let last: Types.ObjectId | undefined; ; ) {
    const first: Pick<Delivery, 'business' | 'dueAt'> | null = await DeliveryModel.findOne(
      { ...kind, status: 'pending', ...(last ? { business: { $gt: last } } : {}) },
      { business: 1, dueAt: 1 },
    )
      .sort({ business: 1, dueAt: 1 })
      .hint(LINE)
      .lean<Pick<Delivery, 'business' | 'dueAt'>>();
    if (!first) return lines;
    last = first.business;
    if (first.dueAt <= now) lines.push({ ...kind, business: last });
  }
}
