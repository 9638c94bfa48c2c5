import { config } from '../config.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The pauses after each failure, in ms; after the eighth try an event is given up (Standard Webhooks, "Deliverability"). */
export const RETRY_MS: readonly number[] = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  10 * HOUR,
];

/** An endpoint that has failed for so long, in ms, is switched off. */
export const GIVE_UP_MS = 5 * 24 * HOUR;

/** Each pause is up to so much longer or shorter: what failed together does not come back together. */
const JITTER = 0.1;

/**
 * The pause after so many attempts, in ms; undefined after the last.
 * @param random from 0 to 1.
 */
export function pauseMs(attempts: number, random = Math.random()): number | undefined {
  const pause = RETRY_MS[attempts - 1];
  return pause && pause * config().webhookRetryScale * (1 - JITTER + 2 * JITTER * random);
}
