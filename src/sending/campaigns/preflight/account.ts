import type { Business } from '../../../models/business.js';
import { redis } from '../../../redis.js';
import { accountOf, credentialsOf } from '../../../ses/credentials.js';
import { readState, type SesState } from '../../../ses/state.js';
import * as limiter from '../../limits/limiter.js';

/** SES allows one call a second that is not a send: what it said holds so long, in seconds. */
const CACHED_S = 60;

/**
 * What SES says of a business's account and of a sender, at most a minute old; undefined where no account is connected.
 * What cannot be learnt is left out.
 */
export async function askSes(business: Business, fromEmail: string): Promise<SesState | undefined> {
  const credentials = credentialsOf(business);
  if (!credentials) return undefined;
  const account = accountOf(business);
  const key = `pmh:ses-state:${account}:${fromEmail}`;
  const cached = await redis()
    .get(key)
    .catch(() => null);
  if (cached) return JSON.parse(cached) as SesState;
  const known = await limiter.known(account).catch(() => undefined);
  const state = await readState(credentials, fromEmail, known);
  // A look-up that came to nothing is tried again by the next one.
  if (state.quota && state.sendingEnabled !== undefined && state.sender) {
    await redis()
      .set(key, JSON.stringify(state), 'EX', CACHED_S)
      .catch(() => undefined);
  }
  return state;
}
