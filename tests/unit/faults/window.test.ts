import { expect, it } from 'vitest';
import { largestWindow } from '../../../scripts/faults/window.js';

const kill = (workers: number, ...held: string[]) => ({ workers, held: new Set(held) });

it('leaves out what another worker held and brought to its end', () => {
  expect(largestWindow(new Set(['a']), [kill(1, 'a', 'b', 'c')])).toBe(1);
});

it('counts a row for the first kill at which it was held', () => {
  expect(largestWindow(new Set(['a', 'b', 'c']), [kill(1, 'a', 'b'), kill(1, 'a', 'b', 'c')])).toBe(2);
});

it('shares what was left among workers that were killed at one moment', () => {
  expect(largestWindow(new Set(['a', 'b', 'c']), [kill(2, 'a', 'b', 'c')])).toBe(2);
});

it('is nothing without a kill', () => {
  expect(largestWindow(new Set(), [])).toBe(0);
});
