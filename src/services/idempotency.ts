import { Types } from 'mongoose';
import type { Attempt } from '../attempt.js';
import { AppError } from '../errors.js';
import { logger } from '../logger.js';
import { type IdempotencyKey, IdempotencyKeyModel } from '../models/idempotency-key.js';
import { isDuplicateKey, JOURNALED } from '../mongo.js';
import { open, type Sealed, seal } from '../secrets.js';

/** The lock of a process that died is free after so long, in ms; a living one renews it. */
const LEASE_MS = 60_000;
const RENEW_EVERY_MS = 20_000;
/** So long, in ms, the same request gets the same reply. */
const KEPT_MS = 86_400_000;

/** A request that names itself: the same key of the same principal on the same route is the same request. */
export interface KeyedRequest {
  business: Types.ObjectId | null;
  principal: string;
  route: string;
  key: string;
  /** Of everything that was asked, under the present ENCRYPTION_KEY first: see `secrets.fingerprints`. */
  fingerprints: readonly [string, ...string[]];
}

/** A reply as it goes out. */
export interface Reply {
  status: number;
  body: string;
}

/**
 * Does once what a request asks for, however often it comes. One write takes the lock, and the reply is kept before it is
 * given: nobody holds one that a repetition would not get. Only success is kept. A refusal did nothing, and frees the key;
 * after any other failure something may have been done, so the next try is the same attempt, which finds it.
 * @throws AppError 409 `idempotency_in_flight` while another works on it, 422 `idempotency_mismatch` where something else
 * was asked with this key; and what `perform` throws.
 */
export async function once(
  request: KeyedRequest,
  perform: (attempt: Attempt) => Promise<Reply>,
): Promise<Reply & { isReplayed: boolean }> {
  const token = new Types.ObjectId();
  const record = await take(request, token);
  if (!request.fingerprints.includes(record.fingerprint)) throw mismatch();
  if (record.reply) return { status: record.status ?? 200, body: openReply(record), isReplayed: true };
  if (!record.token.equals(token)) throw inFlight();
  const renewing = setInterval(() => void renew(record._id, token), RENEW_EVERY_MS).unref();
  try {
    const reply = await perform({ id: record._id, isKeyed: true, isRepeat: record.attempts > 1 });
    await keep(record._id, token, reply);
    return { ...reply, isReplayed: false };
  } catch (error) {
    await letGo(record, token, isRefusal(error));
    throw error;
  } finally {
    clearInterval(renewing);
  }
}

/** The context that a kept reply is sealed in. */
export const replyContext = (id: Types.ObjectId) => `${id.toHexString()}:reply`;

/** Takes the lock where it is free, by the database's clock; in any case answers how it stands now. */
async function take(
  { fingerprints, ...names }: KeyedRequest,
  token: Types.ObjectId,
  tries = 3,
): Promise<IdempotencyKey> {
  const [fingerprint] = fingerprints;
  const isFree = {
    $and: [
      { $eq: [{ $type: '$reply' }, 'missing'] },
      { $lt: [{ $ifNull: ['$until', new Date(0)] }, '$$NOW'] },
      { $in: [{ $ifNull: ['$fingerprint', fingerprint] }, [...fingerprints]] },
    ],
  };
  const taken = (value: unknown, otherwise: string) => ({ $cond: ['$isFree', value, otherwise] });
  try {
    const record = await IdempotencyKeyModel.findOneAndUpdate(
      names,
      [
        { $set: { isFree } },
        {
          $set: {
            fingerprint: taken(fingerprint, '$fingerprint'),
            token: taken(token, '$token'),
            until: taken({ $add: ['$$NOW', LEASE_MS] }, '$until'),
            attempts: taken({ $add: [{ $ifNull: ['$attempts', 0] }, 1] }, '$attempts'),
            expiresAt: taken({ $add: ['$$NOW', KEPT_MS] }, '$expiresAt'),
          },
        },
        { $unset: 'isFree' },
      ],
      { upsert: true, updatePipeline: true, returnDocument: 'after', lean: true, writeConcern: JOURNALED },
    );
    if (!record) throw inFlight();
    return record;
  } catch (error) {
    // Two made it at the same moment: the next look finds the other's.
    if (tries <= 1 || !isDuplicateKey(error)) throw error;
    return take({ fingerprints, ...names }, token, tries - 1);
  }
}

async function renew(_id: Types.ObjectId, token: Types.ObjectId): Promise<void> {
  const until = { $add: ['$$NOW', LEASE_MS] };
  await IdempotencyKeyModel.updateOne({ _id, token }, [{ $set: { until } }], { updatePipeline: true }).catch(
    (err: unknown) => logger().warn({ err, attempt: _id }, 'the lock of a request was not renewed'),
  );
}

/** @throws AppError `idempotency_in_flight` where this process stood still for so long that another took over. */
async function keep(_id: Types.ObjectId, token: Types.ObjectId, { status, body }: Reply): Promise<void> {
  const { matchedCount } = await IdempotencyKeyModel.updateOne(
    { _id, token },
    [
      {
        $set: {
          status,
          reply: { $literal: seal(body, replyContext(_id)) },
          expiresAt: { $add: ['$$NOW', KEPT_MS] },
        },
      },
    ],
    { updatePipeline: true, writeConcern: JOURNALED },
  );
  if (matchedCount === 0) throw inFlight();
}

/** Never throws: what cannot be let go runs out. */
async function letGo({ _id, attempts }: IdempotencyKey, token: Types.ObjectId, isRefused: boolean): Promise<void> {
  // After an earlier try that was cut off, a refusal does not say that nothing was done.
  const freed =
    isRefused && attempts === 1
      ? IdempotencyKeyModel.deleteOne({ _id, token })
      : IdempotencyKeyModel.updateOne({ _id, token }, { $set: { until: new Date(0) } });
  await freed
    .exec()
    .catch((err: unknown) => logger().warn({ err, attempt: _id }, 'a lock was not let go; it runs out'));
}

/** Whether it was refused before anything was done; not for the moment only (429), nor because something broke. */
function isRefusal(error: unknown): boolean {
  return error instanceof AppError && error.status < 500 && error.status !== 429;
}

function openReply({ _id, reply }: IdempotencyKey): string {
  return open(reply as Sealed, replyContext(_id));
}

const inFlight = () =>
  new AppError('idempotency_in_flight', 409, 'A request with this Idempotency-Key is under way; try again in a moment');
const mismatch = () =>
  new AppError('idempotency_mismatch', 422, 'This Idempotency-Key was used for another request; take a new one');
