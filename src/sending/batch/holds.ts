import type { Business } from '../../models/business.js';
import type { Hold } from '../campaigns/moves.js';
import type { Cap } from '../limits/caps.js';
import { endOfDay } from '../limits/periods.js';

/** An account whose 24 hours are used up is asked again so soon, in ms. */
const DAY_EXHAUSTED_MS = 30_000;

/** A daily cap is looked at again after so long, in ms, for it may be raised before the day ends. */
const CAPPED_MS = 300_000;

const inMs = (ms: number) => new Date(Date.now() + ms);

/** SES’s rolling 24 hours are used up. */
export function dayExhausted(): Hold {
  const message = 'SES’s messages of 24 hours are used up; it goes on as they become free';
  return { reason: 'day_exhausted', message, retryAt: inMs(DAY_EXHAUSTED_MS) };
}

/** The breaker is open. @param restMs until the next try. */
export function unclearAnswers(restMs: number): Hold {
  const message = 'SES gives no clear answers; one message is tried at a time until it does';
  return { reason: 'unclear_answers', message, retryAt: inMs(restMs) };
}

/** A daily cap is used up, until the business's midnight. */
export async function capped({ key, reason }: Cap, { settings }: Business): Promise<Hold> {
  const until = await endOfDay(settings.timezone);
  const what = reason === 'daily_cap' ? 'The campaign' : key.replace('domain:', '');
  const message = `${what} may send no more today; it goes on tomorrow`;
  return { reason, message, until, retryAt: new Date(Math.min(until.getTime(), Date.now() + CAPPED_MS)) };
}
