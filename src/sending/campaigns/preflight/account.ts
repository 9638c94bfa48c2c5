import type { Business } from '../../../models/business.js';
import { redis } from '../../../redis.js';
import { accountOf, credentialsOf } from '../../../ses/credentials.js';
import { readState, type SesState } from '../../../ses/state.js';
import * as limiter from '../../limits/limiter.js';

/** SES allows one call a second that is not a send. What it said holds so long, in seconds; what a person will mend, less. */
const GOOD_S = 60;
const BAD_S = 5;

/**
 * What SES says of a business's account and of a sender, at most a minute old, or five seconds where something is amiss; undefined where no account is connected.
 * What cannot be learnt is left out.
 */
export async function askSes(business: Business, fromEmail: string): Promise<SesState | undefined> {
  const credentials = credentialsOf(business);
  if (!credentials) return undefined;
  const account = accountOf(business);
  const key = `pmh:ses-state:${account}:${fromEmail}`;
  const [cached, known] = await Promise.all([
    redis()
      .get(key)
      .catch(() => null),
    limiter.known(account).catch(() => undefined),
  ]);
  if (cached) return JSON.parse(cached) as SesState;
  const state = await readState(credentials, fromEmail, known);
  const isGood = state.quota && state.sendingEnabled && state.sender === 'verified';
  // Whoever waits for the answer does not wait for this.
  redis()
    .set(key, JSON.stringify(state), 'EX', isGood ? GOOD_S : BAD_S)
    .catch(() => undefined);
  return state;
}
