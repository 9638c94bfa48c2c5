import type { Types } from 'mongoose';
import { AT_ONCE, BUCKETS, type Delivery, DeliveryModel } from '../../models/delivery.js';
import { JOURNALED } from '../../mongo.js';
import { CALL_TIMEOUT_MS } from '../../ses/clients.js';
import type { Reservation } from '../limits/quota.js';

/** How long a claim lasts, by the database's clock. */
export const LEASE_MS = 60_000;

/** The error of a delivery whose worker did not come back. */
const WORKER_LOST = 'worker_lost';

/** No call begins when it could still be under way as the claim ends, or as the sweeper settles what was reserved for it. */
const LAST_CALL_MS = LEASE_MS - 2 * CALL_TIMEOUT_MS;

/** A claim that MongoDB has not made by then is not made any more, in ms. */
export const CLAIM_LIMIT_MS = 5_000;

/** Deliveries that this worker, and nobody else, may send until `deadline`. */
export interface Claim {
  /** The attempt: also the id of the quota reservation that pays for it. */
  token: Types.ObjectId;
  deliveries: Delivery[];
  /** On this process's monotonic clock (`performance.now()`), in ms: no call begins after it. */
  deadline: number;
}

/**
 * Up to `wanted` deliveries of a campaign that are due: what there is to claim, not yet anybody's. It starts in a bucket of
 * chance and wraps around, so that workers rarely look at the same ones.
 */
export async function findDueOfCampaign(campaignId: Types.ObjectId, wanted: number): Promise<Delivery[]> {
  const first = Math.floor(Math.random() * BUCKETS);
  const due = { $lte: new Date() };
  const find = (bucket: Record<string, number>, limit: number) =>
    DeliveryModel.collection
      .find<Delivery>({ campaign: campaignId, status: 'pending', bucket, dueAt: due })
      .limit(limit)
      .toArray();
  const found = await find({ $gte: first }, wanted);
  if (found.length === wanted || first === 0) return found;
  return found.concat(await find({ $lt: first }, wanted - found.length));
}

/**
 * Claims those of the candidates that are still pending. The claim is in MongoDB's journal before this resolves, and so
 * before SES is called: whatever dies afterwards, the delivery is known to be in doubt.
 */
export async function claim(
  { id: token, period, askedAt }: Reservation,
  candidates: readonly Delivery[],
): Promise<Claim> {
  // From the reservation on: a worker that stood still after it must not send what nobody pays for any more.
  const deadline = askedAt + LAST_CALL_MS;
  const [first] = candidates;
  // Another worker may have tried one of them since they were found: then it waits, and its attempts have grown.
  const areEqual = candidates.every(({ attempts }) => attempts === first?.attempts);
  const asFound = { dueAt: { $lte: new Date() }, ...(areEqual ? { attempts: first?.attempts ?? 0 } : {}) };
  const { modifiedCount } = await DeliveryModel.collection.updateMany(
    { _id: { $in: candidates.map((delivery) => delivery._id) }, status: 'pending', ...asFound },
    [
      {
        $set: {
          status: 'sending',
          claim: { token, until: { $add: ['$$NOW', LEASE_MS] }, period },
          attempts: { $add: ['$attempts', 1] },
        },
      },
    ],
    { writeConcern: JOURNALED, maxTimeMS: CLAIM_LIMIT_MS },
  );
  if (modifiedCount < candidates.length || !areEqual) {
    // Another worker was faster with some of them: the token says which are ours.
    return { token, deliveries: await DeliveryModel.find({ 'claim.token': token }).lean<Delivery[]>(), deadline };
  }
  return { token, deliveries: candidates.map((one) => ({ ...one, attempts: one.attempts + 1 })), deadline };
}

/** What the give-back of deliveries means for them. */
export interface GiveBack {
  /** When they may be claimed again; at once where absent. */
  dueAt?: Date;
  /** Whether the attempt counts: a throttle costs none. */
  keepAttempt?: boolean;
  error?: { code: string; message: string };
}

/**
 * Puts back to pending what SES surely did not take: of this claim, also where it has run out meanwhile and the sweeper
 * took the delivery for doubtful. Nothing that somebody else holds is touched.
 * @returns how many went back.
 */
export async function giveBack(
  token: Types.ObjectId,
  ids: readonly Types.ObjectId[],
  how: GiveBack = {},
): Promise<number> {
  return giveBackWhere({ _id: { $in: [...ids] }, 'claim.token': token }, how);
}

/** Puts back to pending everything that a claim took, when not even the answer to the claim itself came. */
export async function giveBackAll(token: Types.ObjectId): Promise<number> {
  return giveBackWhere({ 'claim.token': token }, {});
}

async function giveBackWhere(filter: Record<string, unknown>, how: GiveBack): Promise<number> {
  const { modifiedCount } = await DeliveryModel.collection.updateMany(
    { ...filter, $or: [{ status: 'sending' }, { status: 'unconfirmed', 'error.code': WORKER_LOST }] },
    {
      $set: { status: 'pending', dueAt: how.dueAt ?? AT_ONCE, ...(how.error ? { error: how.error } : {}) },
      $unset: { claim: 1, unconfirmedAt: 1, ...(how.error ? {} : { error: 1 }) },
      ...(how.keepAttempt ? {} : { $inc: { attempts: -1 } }),
    },
    { writeConcern: JOURNALED },
  );
  return modifiedCount;
}

/**
 * Moves what died with its worker to `unconfirmed`: SES may have taken it, and only SES's own events can tell.
 * @param now the database's time.
 * @returns how many there were.
 */
export async function expireClaims(now: Date): Promise<number> {
  const { modifiedCount } = await DeliveryModel.collection.updateMany(
    { status: 'sending', 'claim.until': { $lt: now } },
    {
      $set: {
        status: 'unconfirmed',
        unconfirmedAt: now,
        error: { code: WORKER_LOST, message: 'The worker ended between the call to SES and its answer' },
      },
    },
    { writeConcern: JOURNALED },
  );
  return modifiedCount;
}
