import type { ApiKey, Predecessor } from '../models/api-key.js';

const HOUR_MS = 3_600_000;

/** The condition for the document of a key that works at that time, be it the present one or a predecessor. */
export function opensAt(hash: string, now: Date) {
  // `$elemMatch` alone does not let MongoDB use the partial index.
  const predecessor = { 'predecessors.hash': hash, predecessors: { $elemMatch: { hash, until: { $gt: now } } } };
  return { $or: [{ hash }, predecessor], expiresAt: { $not: { $lte: now } } };
}

/** The keys before this one that work at that time. */
export function living({ predecessors, expiresAt }: ApiKey, now: Date): Predecessor[] {
  if (expiresAt && expiresAt <= now) return [];
  return (predecessors ?? []).filter(({ until }) => until > now);
}

/**
 * The predecessors once a key gets another in its place: the key itself, and those before it that still work. None outlives the
 * overlap, and none lives longer than it was to: a rotation that is tried again, because the first answer was lost, takes nothing
 * from the key that is in use.
 */
export function handedOver(old: ApiKey, overlapHours: number, now: Date): Predecessor[] {
  const end = new Date(now.getTime() + overlapHours * HOUR_MS);
  const { hash, prefix } = old;
  return [{ hash, prefix, until: end }, ...living(old, now)]
    .map((one) => ({ ...one, until: one.until < end ? one.until : end }))
    .filter(({ until }) => until > now);
}
