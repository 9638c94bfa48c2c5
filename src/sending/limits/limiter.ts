import { setTimeout as sleep } from 'node:timers/promises';
import type { Types } from 'mongoose';
import { logger } from '../../logger.js';
import { reconnectedAt, redis, script } from '../../redis.js';
import type { SendQuota } from '../../ses/account.js';
import { acquireScript } from './acquire-script.js';
import { FILLED_KEY } from './filled.js';
import type { Lane } from './lanes.js';

/** Slots are handed out so far ahead, in ms: the time a worker has to get a batch ready. */
export const HORIZON_MS = 1_000;

/** Mail outside campaigns may take slots by two more than campaigns, and at most by this, in ms: so it goes first. */
const AHEAD_MS = 1_500;

/** The share of an account's 24 hours that campaigns leave to other mail. */
const DAY_RESERVE = 0.05;

/** What SES told of an account is asked again after this, in ms. */
const REFRESH_MS = 60_000;

/** A turn waits so long for the first answer, in ms; then it comes again after the other. */
const FIRST_ANSWER_MS = 1_500;
const UNKNOWN_MS = 500;

/** A throttle says that somebody else uses the account too, or that its rate fell: it rests so long, in ms. */
const THROTTLE_REST_MS = 1_000;

/** After it the account goes slower, and comes back to its full rate within so long, in ms. */
const RECOVERY_MS = 30_000;

/** A single call that tries whether SES answers clearly again has so long to be heard of, in ms. */
const PROBE_MS = 20_000;

/** Ask SES, whose limits are old, or not known at all. */
const ASK_AGAIN = 1;
const ASK_FIRST = 2;

/** Why nothing was granted: the next slots are taken, the 24 hours are used up, SES's answers are unclear, the campaign's own rate. */
const WHY = ['busy', 'day_exhausted', 'unclear_answers', 'own_rate'] as const;

/** Slots of an account: the n-th call may begin at `from + n * spacingMs`. */
export interface Slots {
  granted: number;
  /** On this process's monotonic clock (`performance.now()`), in ms. */
  from: number;
  spacingMs: number;
  /** What Redis took to answer, in ms: by so much the slots may have begun before `from`. */
  uncertainMs: number;
  /** With nothing granted: when to ask again, in ms, and why. */
  waitMs: number;
  why: (typeof WHY)[number];
  /** SES's answers were unclear of late: the breaker is to be told how these calls end. */
  isWatched: boolean;
}

/** An account as its limits are shared: by AWS account and region, `123456789012/eu-west-1`. */
export type AccountKey = string;

/** What slots are asked for. */
export interface Asker {
  account: AccountKey;
  lane: Lane;
  /** A campaign with a rate of its own, in messages a second. */
  campaign?: { id: Types.ObjectId; ratePerSecond: number } | undefined;
}

export const keyOf = (account: AccountKey) => `pmh:ses:${account}`;

/**
 * Asks for up to `wanted` calls of an account. Nothing is granted while its rate is unknown, its 24 hours are used up,
 * or its next second is taken.
 * @param askQuota asks SES for the account's limits; called once a minute over all processes.
 * @throws what `askQuota` throws, when the account's rate is not known yet.
 */
export async function acquire(
  { account, lane, campaign }: Asker,
  wanted: number,
  askQuota: () => Promise<SendQuota>,
): Promise<Slots> {
  // A Redis that comes back may have forgotten its last second: until what it gave then is past, nobody asks.
  const backForMs = performance.now() - reconnectedAt();
  if (backForMs < HORIZON_MS + AHEAD_MS) return nothing(HORIZON_MS + AHEAD_MS - backForMs);
  const key = keyOf(account);
  const times = [HORIZON_MS, AHEAD_MS, REFRESH_MS, RECOVERY_MS, PROBE_MS].map((ms) => ms * 1_000);
  const askedAt = performance.now();
  const reply = await acquireScript(
    [key, `pmh:rate:${campaign?.id ?? 'none'}`, FILLED_KEY],
    [wanted, lane === 'bulk' ? 1 : 0, campaign?.ratePerSecond ?? 0, ...times, DAY_RESERVE],
  );
  const [granted = 0, startUs = 0, spacingUs = 0, waitUs = 0, why = 0, ask = 0, watched = 0] = (
    reply as (string | number)[]
  ).map(Number);
  if (ask === ASK_FIRST) {
    const learnt = learn(key, askQuota);
    if (!(await isDoneWithin(FIRST_ANSWER_MS, learnt))) {
      // The turn is for others; what SES says comes too late for this one alone.
      learnt.catch((err: unknown) => logger().warn({ err, account }, 'limits not learnt'));
      return nothing(UNKNOWN_MS);
    }
    // Known now, and not asked again for a while.
    return acquire({ account, lane, campaign }, wanted, askQuota);
  }
  // Who has slots must not wait for SES's answer: they would slide into those of others.
  if (ask === ASK_AGAIN)
    learn(key, askQuota).catch((err: unknown) => logger().warn({ err, account }, 'limits not learnt'));
  const answeredAt = performance.now();
  return {
    granted,
    from: answeredAt + startUs / 1_000,
    uncertainMs: answeredAt - askedAt,
    spacingMs: spacingUs / 1_000,
    waitMs: waitUs / 1_000,
    why: WHY[why] ?? 'busy',
    isWatched: watched === 1,
  };
}

const nothing = (waitMs: number): Slots => ({
  granted: 0,
  from: 0,
  uncertainMs: 0,
  spacingMs: 0,
  waitMs,
  why: 'busy',
  isWatched: false,
});

/** Slots for what no account limits: all at once. */
export const unlimited = (wanted: number): Slots => ({
  ...nothing(0),
  granted: wanted,
  from: performance.now(),
});

/** Whether the work was done in time. @throws its error, if it failed in time. */
async function isDoneWithin(ms: number, work: Promise<void>): Promise<boolean> {
  const tooLate = new AbortController();
  const timer = sleep(ms, false, { signal: tooLate.signal }).catch(() => false);
  try {
    return await Promise.race([work.then(() => true), timer]);
  } finally {
    tooLate.abort();
  }
}

/** Where it fails, the script lets nobody ask again for a minute, or for 5 s while the rate is unknown. */
async function learn(key: string, askQuota: () => Promise<SendQuota>): Promise<void> {
  const { maxPerSecond, maxPer24Hours: max, sentLast24Hours } = await askQuota();
  const change = redis().multi().hset(key, 'rate', Math.max(0.1, maxPerSecond), 'max', max);
  await (max < 0 ? change.hdel(key, 'left') : change.hset(key, 'left', max - sentLast24Hours)).exec();
}

/** What is known of an account's limits; undefined where nobody has asked SES yet. */
export async function known(account: AccountKey): Promise<SendQuota | undefined> {
  const [rate, max, left] = await redis().hmget(keyOf(account), 'rate', 'max', 'left');
  if (rate === null || rate === undefined || max === null || max === undefined) return undefined;
  const maxPer24Hours = Number(max);
  return { maxPerSecond: Number(rate), maxPer24Hours, sentLast24Hours: left ? maxPer24Hours - Number(left) : 0 };
}

/** After a throttle: no slot of the account begins for a second, and then they come slower for a while. */
export async function rest(account: AccountKey): Promise<void> {
  await restScript([keyOf(account)], [THROTTLE_REST_MS * 1_000, RECOVERY_MS * 1_000]);
}

/** Throttles of the same second are one: they tell of calls that were under way together. */
const restScript = script(`
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local rest, recovery = tonumber(ARGV[1]), tonumber(ARGV[2])
local h = redis.call('HMGET', KEYS[1], 'tat', 'slow', 'slowAt')
if tonumber(h[1] or '0') < now + rest then redis.call('HSET', KEYS[1], 'tat', string.format('%.0f', now + rest)) end
if h[3] and now - tonumber(h[3]) < rest then return 0 end
local pace = h[2] and math.min(1, tonumber(h[2]) + math.max(0, now - tonumber(h[3])) / recovery) or 1
redis.call('HSET', KEYS[1], 'slow', string.format('%.3f', math.max(0.1, pace * 0.7)), 'slowAt', now)
return 0
`);

/** SES said that the account's 24 hours are used up: nothing is granted until it says that some of them are free. */
export async function exhaustDay(account: AccountKey): Promise<void> {
  await redis().hset(keyOf(account), 'left', 0);
}
