import type { RatePoint } from '../../src/embedded/ses/rate-series.js';

/** Offered calls are counted by the local SES in buckets of so many ms. */
export const BUCKET_MS = 100;

export const SECOND_MS = 1_000;

/** The hub's burst: calls that are late by less than this, in ms, still go out. */
const BURST_MS = 250;

/** A stretch of time, and the calls within it. */
export interface Window {
  /** Its beginning, in ms since 1970. */
  at: number;
  offered: number;
}

/**
 * The most that an account may be offered within a window: its rate, the hub's burst of 250 ms of it, and one bucket's
 * worth, by which the local SES may see a call later than it was made.
 * @param ratePerSecond of the account.
 * @param windowMs its length.
 */
export function mostAllowed(ratePerSecond: number, windowMs: number): number {
  return Math.floor((ratePerSecond * (windowMs + BURST_MS + BUCKET_MS)) / 1_000);
}

/** The windows of this length, in ms, that begin with a bucket in which there were calls: the fullest is among them. */
export function slidingWindows(points: readonly RatePoint[], windowMs: number): Window[] {
  const windows: Window[] = [];
  let end = 0;
  let offered = 0;
  for (const { at, offered: own } of points) {
    for (let next = points[end]; next && next.at < at + windowMs; next = points[end]) {
      offered += next.offered;
      end += 1;
    }
    windows.push({ at, offered });
    offered -= own;
  }
  return windows;
}

/** The fullest window of this length, in ms; undefined without any calls. */
export function fullestWindow(points: readonly RatePoint[], windowMs: number): Window | undefined {
  const windows = slidingWindows(points, windowMs);
  return windows.sort((a, b) => b.offered - a.offered)[0];
}
