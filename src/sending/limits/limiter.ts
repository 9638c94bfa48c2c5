import { logger } from '../../logger.js';
import { redis, script } from '../../redis.js';
import type { SendQuota } from '../../ses/account.js';

/** Slots are handed out so far ahead, in ms: the time a worker has to get a batch ready. */
export const HORIZON_MS = 1_000;

/** What SES told of an account is asked again after this, in ms. */
const REFRESH_MS = 60_000;

/** A throttle says that somebody else uses the account too, or that its rate fell: it rests so long, in ms. */
const THROTTLE_REST_MS = 1_000;

/**
 * The account's schedule of calls, over all processes: a token bucket in its virtual-scheduling form (ITU-T I.371, GCRA)
 * by Redis's own clock. `tat` is the time of the next free slot in µs. A grant is so many slots, one interval apart.
 *
 * A schedule that was lost (an emptied Redis, or a clock that was set back) begins one horizon from now, when every slot it
 * may have given is past.
 * KEYS 1: the account. ARGV: wanted, horizon µs, refresh µs.
 * Returns granted, µs until the first slot, µs between slots, µs to wait before asking again, and whether to ask SES: 0,
 * ASK_AGAIN or ASK_FIRST.
 */
const acquireScript = script(`
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local wanted, horizon, refresh = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local h = redis.call('HMGET', KEYS[1], 'tat', 'rate', 'left', 'asked')
local tat, rate, left, asked = tonumber(h[1]), tonumber(h[2]), tonumber(h[3]), tonumber(h[4])
local ask = 0
if not asked or asked > now or now - asked > refresh or (not rate and now - asked > 5000000) then
  ask = rate and 1 or 2
  redis.call('HSET', KEYS[1], 'asked', now)
end
redis.call('PEXPIRE', KEYS[1], 86400000)
local interval = 1000000 / (rate or 1)
if not tat or tat > now + 3 * horizon + interval then
  tat = now + horizon
  redis.call('HSET', KEYS[1], 'tat', tat)
end
if not rate then return {0, 0, 0, 250000, ask} end
if left and left < 1 then return {0, 0, 0, 5000000, ask} end
if tat < now then tat = now end
local room = math.floor((now + horizon - tat) / interval)
if room < 1 and interval > horizon and tat <= now + horizon then room = 1 end
if left and left < room then room = math.floor(left) end
local least = math.min(wanted, math.max(1, math.floor(horizon / interval / 2)))
if left and left < least then least = math.max(1, math.floor(left)) end
if room < least then
  local free = interval > horizon and tat or tat + least * interval
  return {0, 0, 0, math.max(1000, math.ceil(free - now - horizon)), ask}
end
local n = math.min(wanted, room)
redis.call('HSET', KEYS[1], 'tat', string.format('%.0f', tat + n * interval))
if left then redis.call('HINCRBYFLOAT', KEYS[1], 'left', -n) end
return {n, math.floor(tat - now), string.format('%.3f', interval), 0, ask}
`);

/** The script's last figure: ask SES, whose limits are old, or not known at all. */
const ASK_AGAIN = 1;
const ASK_FIRST = 2;

/** Slots of an account: the n-th call may begin at `from + n * spacingMs`. */
export interface Slots {
  granted: number;
  /** On this process's monotonic clock (`performance.now()`), in ms. */
  from: number;
  spacingMs: number;
  /** With nothing granted: when to ask again, in ms. */
  waitMs: number;
}

/** An account as its limits are shared: by AWS account and region, `123456789012/eu-west-1`. */
export type AccountKey = string;

const keyOf = (account: AccountKey) => `pmh:ses:${account}`;

/**
 * Asks for up to `wanted` calls of an account. Nothing is granted while its rate is unknown, its 24 hours are used up,
 * or its next second is taken.
 * @param askQuota asks SES for the account's limits; called once a minute over all processes.
 * @throws what `askQuota` throws, when the account's rate is not known yet.
 */
export async function acquire(account: AccountKey, wanted: number, askQuota: () => Promise<SendQuota>): Promise<Slots> {
  const key = keyOf(account);
  const reply = await acquireScript([key], [wanted, HORIZON_MS * 1_000, REFRESH_MS * 1_000]);
  const [granted = 0, startUs = 0, spacingUs = 0, waitUs = 0, ask = 0] = (reply as (string | number)[]).map(Number);
  const from = performance.now() + startUs / 1_000;
  if (ask === ASK_FIRST) await learn(key, askQuota);
  // Who has slots must not wait for SES's answer: they would slide into those of others.
  else if (ask === ASK_AGAIN)
    learn(key, askQuota).catch((err: unknown) => logger().warn({ err, account }, 'limits not learnt'));
  return { granted, from, spacingMs: spacingUs / 1_000, waitMs: waitUs / 1_000 };
}

/** Where it fails, the script lets nobody ask again for a minute, or for 5 s while the rate is unknown. */
async function learn(key: string, askQuota: () => Promise<SendQuota>): Promise<void> {
  const quota = await askQuota();
  const left = quota.maxPer24Hours < 0 ? undefined : quota.maxPer24Hours - quota.sentLast24Hours;
  const change = redis().multi().hset(key, 'rate', Math.max(0.1, quota.maxPerSecond));
  await (left === undefined ? change.hdel(key, 'left') : change.hset(key, 'left', left)).exec();
}

/** After a throttle: no slot of the account begins for a second. */
export async function rest(account: AccountKey): Promise<void> {
  await restScript([keyOf(account)], [THROTTLE_REST_MS * 1_000]);
}

const restScript = script(`
local t = redis.call('TIME')
local until_us = t[1] * 1000000 + t[2] + tonumber(ARGV[1])
local tat = tonumber(redis.call('HGET', KEYS[1], 'tat') or '0')
if tat < until_us then redis.call('HSET', KEYS[1], 'tat', string.format('%.0f', until_us)) end
return 0
`);

/** SES said that the account's 24 hours are used up: nothing is granted until it says that some of them are free. */
export async function exhaustDay(account: AccountKey): Promise<void> {
  await redis().hset(keyOf(account), 'left', 0);
}
