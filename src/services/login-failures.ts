import { createHash } from 'node:crypto';
import { ipKeyGenerator } from 'express-rate-limit';
import { AppError } from '../errors.js';
import { logger } from '../logger.js';
import { redis, script } from '../redis.js';
import { within } from '../within.js';

/** So many wrong passwords cost nothing but their own work. */
const FREE = 5;

/** After those the next attempt has to wait so long, in s, and twice as long after each further failure, up to the other. */
const FIRST_WAIT_S = 1;
const LONGEST_WAIT_S = 900;

/** A count that takes longer, in ms, is given up: whoever signs in must not wait for it while Redis hangs. */
const PATIENCE_MS = 250;

/** Failures are forgotten when there was none for so long, in s. */
const KEPT_S = 86_400;

/** Somebody who wants to be the owner of an account, and where he is. */
export interface Attempt {
  /** The account's address, whether there is such an account or not. */
  email: string;
  ip: string;
}

/**
 * Counts a failure, and has the next attempt wait. KEYS 1: the count; 2: there while attempts have to wait. ARGV: free,
 * first wait, longest wait and time kept, in s.
 */
const noteScript = script(`
local n = redis.call('INCR', KEYS[1])
redis.call('EXPIRE', KEYS[1], ARGV[4])
local over = n - tonumber(ARGV[1])
if over < 0 then return 0 end
local wait = math.min(tonumber(ARGV[3]), tonumber(ARGV[2]) * 2 ^ math.min(over, 30))
redis.call('SET', KEYS[2], n, 'EX', wait)
return wait
`);

/**
 * Slows guesses at the password of one account from one place, and from there alone: nobody can lock the owner out of it.
 * The same for an address without an account.
 *
 * It fails open, as the limit on attempts does: while Redis is away a guess costs its bcrypt and its place in that queue.
 * @throws AppError `rate_limited` with the seconds that are left to wait.
 */
export async function requirePatience(attempt: Attempt): Promise<void> {
  const leftMs = await counted(() => redis().pttl(keysOf(attempt)[1]));
  if (leftMs === undefined || leftMs <= 0) return;
  const retryAfterSeconds = Math.ceil(leftMs / 1_000);
  const message = `Too many wrong passwords for this account; try again in ${retryAfterSeconds} s`;
  throw new AppError('rate_limited', 429, message, { retryAfterSeconds });
}

/** The password was wrong. */
export async function note(attempt: Attempt): Promise<void> {
  await counted(() => noteScript(keysOf(attempt), [FREE, FIRST_WAIT_S, LONGEST_WAIT_S, KEPT_S]));
}

/** He has shown who he is. */
export async function forget(attempt: Attempt): Promise<void> {
  await counted(() => redis().del(...keysOf(attempt)));
}

/** By a hash, for addresses are nobody's business; of IPv6 a person has a whole network. */
function keysOf({ email, ip }: Attempt): [count: string, wait: string] {
  const name = createHash('sha256')
    .update(`${email} ${ipKeyGenerator(ip)}`)
    .digest('base64url');
  return [`pmh:failures:${name}`, `pmh:failures:${name}:wait`];
}

async function counted<T>(count: () => Promise<T>): Promise<T | undefined> {
  try {
    return await within(PATIENCE_MS, count());
  } catch (err) {
    logger().warn({ err }, 'failed logins are not slowed: Redis did not count');
    return undefined;
  }
}
