import type { Random } from '../../../scripts/faults/random.js';

/** One of the things. @throws RangeError where there is none. */
export function pick<T>(things: readonly T[], random: Random): T {
  if (things.length === 0) throw new RangeError('There is nothing to pick from');
  return things[random.between(0, things.length - 1)] as T;
}
