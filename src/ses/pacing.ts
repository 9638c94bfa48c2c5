import { setTimeout as sleep } from 'node:timers/promises';
import { config } from '../config.js';
import { script } from '../redis.js';

/** SES takes one call a second of an account that is not a send (Amazon SES, "Service quotas"), in ms. */
const SPACING_MS = 1_000;

/** Whoever would have to wait longer, in ms, is told so at once. */
const LONGEST_MS = 15_000;

/** There are too many calls to this account in the line. */
export class TooBusy extends Error {
  override name = 'TooBusy';
}

/**
 * Gives the next free moment of an account away. KEYS 1: the account. ARGV: spacing and longest wait in µs. Returns the µs
 * until then, or -1 where that is too long.
 */
const turnScript = script(`
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local spacing, longest = tonumber(ARGV[1]), tonumber(ARGV[2])
local at = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0'))
if at - now > longest then return -1 end
redis.call('SET', KEYS[1], string.format('%.0f', at + spacing), 'PX', math.ceil((at - now + spacing) / 1000) + 1)
return at - now
`);

/**
 * The wait, in ms, until an account's next call may begin, over all processes.
 * @throws TooBusy; the error of Redis.
 */
export async function turnOf(account: string, spacingMs = SPACING_MS): Promise<number> {
  const wait = Number(await turnScript([`pmh:ses-calls:${account}`], [spacingMs * 1_000, LONGEST_MS * 1_000]));
  if (wait < 0) throw new TooBusy(`Too many calls to the SES account wait already; try again in a while`);
  return wait / 1_000;
}

/** Waits until an account's next call may begin. An endpoint that is not Amazon's has no such limit. @throws TooBusy. */
export async function untilTurn(account: string): Promise<void> {
  if (config().sesEndpoint) return;
  // Without Redis nobody knows of the others: as slow as if there were one before.
  const waitMs = await turnOf(account).catch((error: unknown) => {
    if (error instanceof TooBusy) throw error;
    return SPACING_MS;
  });
  if (waitMs > 0) await sleep(waitMs);
}
