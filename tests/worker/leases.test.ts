import { describe, expect, it } from 'vitest';
import { LeaseModel } from '../../src/models/lease.js';
import { hold, release } from '../../src/sending/upkeep/leases.js';
import { unique } from '../support/factories.js';
import { useHub } from '../support/hub.js';

useHub();

describe('a lease', () => {
  it('is had by one of many that ask at once', async () => {
    const name = unique('lease');
    const answers = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => hold(name, `h${n}`, 60_000)));
    const holders = answers.filter((answer) => answer.status === 'fulfilled' && answer.value);
    expect(holders).toHaveLength(1);
  });

  it('is renewed by its holder, and passes on when it is released or has run out', async () => {
    const name = unique('lease');
    expect(await hold(name, 'a', 60_000)).toBe(true);
    expect(await hold(name, 'b', 60_000)).toBe(false);
    expect(await hold(name, 'a', 60_000)).toBe(true);
    await release(name, 'b');
    expect(await hold(name, 'b', 60_000)).toBe(false);
    await release(name, 'a');
    expect(await hold(name, 'b', 60_000)).toBe(true);
    await LeaseModel.updateOne({ _id: name }, { $set: { until: new Date(0) } });
    expect(await hold(name, 'a', 60_000)).toBe(true);
  });
});
