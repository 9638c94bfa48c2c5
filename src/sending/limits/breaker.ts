import { script } from '../../redis.js';
import { type AccountKey, keyOf } from './limiter.js';

/** So many calls in a row without a clear answer stop an account. */
export const UNCLEAR = 5;

/** It then rests so long, in ms, and twice as long after each try that was unclear too, up to the other. */
const FIRST_REST_MS = 5_000;
const LONGEST_REST_MS = 60_000;

/**
 * Counts unclear answers since the last clear one. Enough of them open the breaker; a clear answer and no unclear one close
 * it. While it is open, further reports of the calls that were under way change nothing.
 * KEYS 1: the account. ARGV: unclear, clear, needed, first rest µs, longest rest µs. Returns µs until the next try, 0 when
 * closed.
 */
const reportScript = script(`
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local unclear, clear, needed = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if unclear == 0 then
  if clear > 0 then redis.call('HDEL', KEYS[1], 'unclear', 'openUntil', 'opened', 'probeUntil') end
  return 0
end
local h = redis.call('HMGET', KEYS[1], 'unclear', 'openUntil', 'opened')
local count = unclear
if clear == 0 then count = count + tonumber(h[1] or '0') end
redis.call('HSET', KEYS[1], 'unclear', count)
if count < needed then return 0 end
local open_until = tonumber(h[2] or '0')
if open_until > now then return open_until - now end
local opened = tonumber(h[3] or '0')
local rest = math.min(tonumber(ARGV[5]), tonumber(ARGV[4]) * 2 ^ opened)
redis.call('HSET', KEYS[1], 'opened', opened + 1, 'openUntil', string.format('%.0f', now + rest))
redis.call('HDEL', KEYS[1], 'probeUntil')
return rest
`);

/**
 * Tells the account's breaker how calls ended. Each unclear answer leaves a delivery in doubt; so after some in a row the
 * account stops, and is tried with one call at a time until SES answers clearly again.
 * @returns ms until the next try; 0 while the breaker is closed.
 */
export async function report(account: AccountKey, unclear: number, clear: number): Promise<number> {
  const rests = [FIRST_REST_MS * 1_000, LONGEST_REST_MS * 1_000];
  return Number(await reportScript([keyOf(account)], [unclear, clear, UNCLEAR, ...rests])) / 1_000;
}
