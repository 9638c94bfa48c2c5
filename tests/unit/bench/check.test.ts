import { describe, expect, it } from 'vitest';
import { problemsOf } from '../../../scripts/bench/check.js';

const drain = {
  recipients: 1_000_000,
  heapRatio: 1.15,
  cpuDrift: 1.15,
  redisMaxMb: 49.9,
  trackedLinks: 0,
  cpuRatio: 0.6,
};

describe('the check of a drain', () => {
  it('is content with what costs the same from the beginning to the end', () => {
    expect(problemsOf(drain)).toEqual([]);
  });

  it.each([
    [{ heapRatio: 1.151 }, /1\.151 times as much memory/],
    [{ redisMaxMb: 50 }, /Redis held 50 MB/],
    [{ cpuDrift: 1.2 }, /1\.2 times as much CPU/],
    // Nobody looked.
    [{ heapRatio: Number.NaN }, /NaN times as much memory/],
  ])('says what grows with the list: %o', (change, sentence) => {
    expect(problemsOf({ ...drain, ...change })).toEqual([expect.stringMatching(sentence)]);
  });

  it('says when tracking costs too much', () => {
    const tracked = { ...drain, trackedLinks: 10 };
    expect(problemsOf(tracked)).toEqual([expect.stringMatching(/takes 0\.6 of the hub's CPU/)]);
    expect(problemsOf({ ...tracked, cpuRatio: 0.65 })).toEqual([]);
  });

  it('takes no drift of the CPU from a short list', () => {
    expect(problemsOf({ ...drain, recipients: 999_999, cpuDrift: 2 })).toEqual([]);
  });
});
