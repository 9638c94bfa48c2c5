import { randomBytes } from 'node:crypto';
import type { Types } from 'mongoose';
import { open, type Sealed, seal } from '../secrets.js';

/** Secrets before the present one that may sign at the same time. */
export const MAX_PREVIOUS = 4;

/** A secret before the present one, and until when it signs as well. */
export interface PreviousSecret {
  secret: string;
  until: Date;
}

/** What signs an endpoint's messages. */
export interface Secrets {
  present: string;
  /** The latest first; also those that have ended since they were stored. */
  previous: PreviousSecret[];
}

/** The context of an endpoint's secrets. */
export const webhookContext = (id: Types.ObjectId) => `${id.toHexString()}:webhook`;

/** 32 random bytes in base64, as Standard Webhooks writes a symmetric secret ("Secret serialization"). */
export const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

/** All in one value: a rotation, and a change of the encryption key, replace it as a whole. */
export function sealSecrets(id: Types.ObjectId, { present, previous }: Secrets): Sealed {
  return seal(JSON.stringify({ present, previous }), webhookContext(id));
}

/** @throws Error when they were sealed under an ENCRYPTION_KEY that is not known. */
export function openSecrets(id: Types.ObjectId, sealed: Sealed): Secrets {
  const { present, previous } = JSON.parse(open(sealed, webhookContext(id))) as {
    present: string;
    previous: { secret: string; until: string }[];
  };
  return { present, previous: previous.map(({ secret, until }) => ({ secret, until: new Date(until) })) };
}

/** Those before the present one that sign at that time. */
export const signing = ({ previous }: Secrets, now: Date): PreviousSecret[] =>
  previous.filter(({ until }) => until > now);

/**
 * The secrets once another one has come. None before it outlives the overlap, and none lives longer than it was to: a rotation
 * that is tried again, because the first answer was lost, takes nothing from the secret that is in use.
 */
export function rotated(old: Secrets, fresh: string, overlapMs: number, now: Date): Secrets {
  const end = new Date(now.getTime() + overlapMs);
  const previous = [{ secret: old.present, until: end }, ...signing(old, now)]
    .map(({ secret, until }) => ({ secret, until: until < end ? until : end }))
    .filter(({ until }) => until > now);
  return { present: fresh, previous };
}
