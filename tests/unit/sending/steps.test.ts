import { describe, expect, it } from 'vitest';
import { takeSteps } from '../../../src/sending/upkeep/periodic.js';

describe('the steps of a round', () => {
  it('are all taken, in their order, also after one that failed', async () => {
    const taken: string[] = [];
    const step =
      (name: string, fails = false) =>
      async () => {
        taken.push(name);
        if (fails) throw new Error(`no ${name}`);
      };
    const round = takeSteps({ first: step('first', true), second: step('second'), third: step('third', true) });
    await expect(round).rejects.toMatchObject({
      errors: [{ message: 'first failed', cause: { message: 'no first' } }, { message: 'third failed' }],
    });
    expect(taken).toEqual(['first', 'second', 'third']);
  });
});
