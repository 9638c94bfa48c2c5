import { describe, expect, it } from 'vitest';
import { Precedence } from '../../src/sending/batch/precedence.js';
import { until } from '../support/until.js';

const never = () => new Promise<void>(() => undefined);

/** Leaves the process no time for anything else. */
function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('campaigns beside single messages', () => {
  it('step back to one turn in a process that has no time left, and to none less', async () => {
    const precedence = new Precedence();
    void precedence.first(never);
    spin(600);
    void precedence.second(never);
    expect(await precedence.second(async () => 'ran')).toBeUndefined();
    await until(async () => (await precedence.second(async () => 'ran')) === 'ran');
  });

  it('run as they are while nobody waits, however busy the process is', async () => {
    const precedence = new Precedence();
    expect(await precedence.first(async () => 'sent')).toBe('sent');
    spin(600);
    void precedence.second(never);
    expect(await precedence.second(async () => 'ran')).toBe('ran');
  });

  it('are counted out also when they fail', async () => {
    const precedence = new Precedence();
    void precedence.first(never);
    spin(600);
    const fail = async () => Promise.reject(new Error('MongoDB is away'));
    await expect(precedence.second(fail)).rejects.toThrow('away');
    expect(await precedence.second(async () => 'ran')).toBe('ran');
  });
});
