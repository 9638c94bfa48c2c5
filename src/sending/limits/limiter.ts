import type { Types } from 'mongoose';
import { logger } from '../../logger.js';
import { reconnectedAt, redis, script } from '../../redis.js';
import type { SendQuota } from '../../ses/account.js';
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

/** A throttle says that somebody else uses the account too, or that its rate fell: it rests so long, in ms. */
const THROTTLE_REST_MS = 1_000;

/** After it the account goes slower, and comes back to its full rate within so long, in ms. */
const RECOVERY_MS = 30_000;

/** A single call that tries whether SES answers clearly again has so long to be heard of, in ms. */
const PROBE_MS = 20_000;

/**
 * The account's schedule of calls, over all processes: a token bucket in its virtual-scheduling form (ITU-T I.371, GCRA)
 * by Redis's own clock. `tat` is the time of the next free slot in µs. A grant is so many slots, one interval apart.
 *
 * A schedule that was lost (an emptied Redis, or a clock that was set back) begins when every slot it may have given is
 * past; one that is new, for Redis has not been emptied lately, at once. While the breaker is open (`breaker.ts`) nothing
 * is granted, then one slot at a time.
 * KEYS 1: the account; 2: the campaign, if it has a rate of its own; 3: since when Redis holds what it holds.
 * ARGV: wanted, whether for a campaign, the campaign's rate (0: none); then horizon, ahead, refresh, recovery, probe in µs,
 * and the day's reserve.
 * Returns granted, µs until the first slot, µs between slots, µs to wait before asking again, why (see WHY), whether to
 * ask SES (0, ASK_AGAIN, ASK_FIRST), and whether clear answers are waited for.
 */
const acquireScript = script(`
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local wanted, is_bulk, own_rate = tonumber(ARGV[1]), ARGV[2] == '1', tonumber(ARGV[3])
local horizon, ahead, refresh, recovery, probe_for =
  tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local h = redis.call('HMGET', KEYS[1], 'tat', 'rate', 'left', 'max', 'asked', 'slow', 'slowAt', 'unclear', 'openUntil', 'probeUntil')
local tat, rate, left, asked = tonumber(h[1]), tonumber(h[2]), tonumber(h[3]), tonumber(h[5])
local ask = 0
if not asked or asked > now or now - asked > refresh or (not rate and now - asked > 5000000) then
  ask = rate and 1 or 2
  redis.call('HSET', KEYS[1], 'asked', now)
end
redis.call('PEXPIRE', KEYS[1], 86400000)
if rate and h[6] then
  rate = rate * math.min(1, tonumber(h[6]) + math.max(0, now - tonumber(h[7])) / recovery)
end
local interval = 1000000 / (rate or 1)
local direct_horizon = horizon + math.min(2 * interval, ahead)
if not tat or tat > now + 3 * direct_horizon + interval then
  local filled = tonumber(redis.call('GET', KEYS[3]) or '')
  local is_new = not tat and filled and now - filled > horizon + ahead
  tat = is_new and now or now + direct_horizon
  redis.call('HSET', KEYS[1], 'tat', string.format('%.0f', tat))
end
local watched = h[8] and 1 or 0
local function none(wait, why) return {0, 0, 0, math.max(1000, math.ceil(wait)), why, ask, watched} end
if not rate then return none(250000, 0) end

local is_probe = false
if h[9] then
  local free = math.max(tonumber(h[9]), tonumber(h[10] or '0'))
  if free > now then return none(free - now, 2) end
  is_probe = true
  wanted = 1
end

if left then
  if is_bulk then left = left - math.max(0, math.floor(tonumber(h[4] or '0') * tonumber(ARGV[9]))) end
  if left < 1 then return none(5000000, 1) end
  wanted = math.min(wanted, math.floor(left))
end

local own_tat, own_interval, burst
if own_rate > 0 then
  own_interval = 1000000 / own_rate
  burst = math.max(0, horizon - own_interval)
  own_tat = tonumber(redis.call('GET', KEYS[2]) or tostring(now + burst + own_interval))
  if own_tat > now + horizon + 2 * own_interval then own_tat = now + burst + own_interval end
  own_tat = math.max(own_tat, now)
  local room = math.floor((now + burst - own_tat) / own_interval) + 1
  if room < 1 then
    redis.call('SET', KEYS[2], string.format('%.0f', own_tat), 'PX', 86400000)
    return none(own_tat - now - burst, 3)
  end
  wanted = math.min(wanted, room)
end

if tat < now then tat = now end
local limit = is_bulk and horizon or direct_horizon
local room = math.floor((now + limit - tat) / interval)
if room < 1 and interval > limit and tat <= now + limit then room = 1 end
local least = 1
if is_bulk then least = math.min(wanted, math.max(1, math.floor(horizon / interval / 2))) end
if room < least then
  local free = interval > limit and tat or tat + least * interval
  return none(free - now - limit, 0)
end
local n = math.min(wanted, room)
redis.call('HSET', KEYS[1], 'tat', string.format('%.0f', tat + n * interval))
if left then redis.call('HINCRBYFLOAT', KEYS[1], 'left', -n) end
if own_tat then
  redis.call('SET', KEYS[2], string.format('%.0f', own_tat + n * own_interval), 'PX', 86400000)
end
if is_probe then redis.call('HSET', KEYS[1], 'probeUntil', now + probe_for) end
return {n, math.floor(tat - now), string.format('%.3f', interval), 0, 0, ask, watched}
`);

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
  const reply = await acquireScript(
    [key, `pmh:rate:${campaign?.id ?? 'none'}`, FILLED_KEY],
    [wanted, lane === 'bulk' ? 1 : 0, campaign?.ratePerSecond ?? 0, ...times, DAY_RESERVE],
  );
  const [granted = 0, startUs = 0, spacingUs = 0, waitUs = 0, why = 0, ask = 0, watched = 0] = (
    reply as (string | number)[]
  ).map(Number);
  const from = performance.now() + startUs / 1_000;
  if (ask === ASK_FIRST) await learn(key, askQuota);
  // Who has slots must not wait for SES's answer: they would slide into those of others.
  else if (ask === ASK_AGAIN)
    learn(key, askQuota).catch((err: unknown) => logger().warn({ err, account }, 'limits not learnt'));
  return {
    granted,
    from,
    spacingMs: spacingUs / 1_000,
    waitMs: waitUs / 1_000,
    why: WHY[why] ?? 'busy',
    isWatched: watched === 1,
  };
}

const nothing = (waitMs: number): Slots => ({
  granted: 0,
  from: 0,
  spacingMs: 0,
  waitMs,
  why: 'busy',
  isWatched: false,
});

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
