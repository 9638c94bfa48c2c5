import { describe, expect, it } from 'vitest';
import { DURATIONS, FAULT_KINDS, HARMLESS_KINDS } from '../../../scripts/faults/kinds.js';
import { describePlan, planRun, RECIPIENTS } from '../../../scripts/faults/plan.js';

const seeds = Array.from({ length: 100 }, (_, seed) => seed);

describe('the plan of a run', () => {
  it('is the same for the same seed and another for another', () => {
    expect(planRun(7, 20)).toEqual(planRun(7, 20));
    expect(planRun(7, 20)).not.toEqual(planRun(8, 20));
  });

  it('is the beginning of a longer one', () => {
    expect(planRun(3, 50).slice(0, 5)).toEqual(planRun(3, 5));
  });

  it('has each kind at least five times in fifty trials, by any seed', () => {
    for (const seed of seeds) {
      const kinds = planRun(seed, 50).flatMap(({ faults }) => faults.map(({ kind }) => kind));
      for (const kind of FAULT_KINDS) expect(kinds.filter((one) => one === kind).length).toBeGreaterThanOrEqual(5);
    }
  });

  it('has two to four faults a trial, in order, while the campaign is under way, each for as long as its kind allows', () => {
    for (const { faults } of seeds.flatMap((seed) => planRun(seed, 10))) {
      expect(faults.length).toBeGreaterThanOrEqual(2);
      expect(faults.length).toBeLessThanOrEqual(4);
      expect(faults.map(({ atMs }) => atMs)).toEqual(faults.map(({ atMs }) => atMs).sort((a, b) => a - b));
      for (const { kind, atMs, forMs } of faults) {
        const [least, most] = DURATIONS[kind];
        expect(forMs).toBeGreaterThanOrEqual(least);
        expect(forMs).toBeLessThanOrEqual(most);
        expect(atMs).toBeLessThanOrEqual(6_000);
      }
    }
  });

  it('leaves every third trial with faults that excuse no doubt', () => {
    for (const { number, faults } of planRun(1, 30).filter(({ number: one }) => one % 3 === 0)) {
      for (const { kind } of faults) expect(HARMLESS_KINDS, `trial ${number}`).toContain(kind);
    }
  });

  it('gives every fifth trial less of a month than its list', () => {
    for (const { number, limit } of planRun(1, 30)) {
      expect(limit !== undefined).toBe(number % 5 === 0);
      if (limit !== undefined) expect(limit).toBeLessThan(RECIPIENTS);
    }
  });

  it('can be read', () => {
    const faults = [
      { kind: 'workers-killed', atMs: 2_140, forMs: 800, worker: 0, answers: 2 },
      { kind: 'redis-emptied', atMs: 3_000, forMs: 0, worker: 1, answers: 3 },
    ] as const;
    expect(describePlan({ number: 1, faults, limit: 1_204 })).toBe(
      'workers-killed 2.1 s + 0.8 s, redis-emptied 3.0 s; 1,204 left of the month',
    );
  });
});
