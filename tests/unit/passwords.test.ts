import { readFile } from 'node:fs/promises';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { describe, expect, it, vi } from 'vitest';
import * as passwords from '../../src/services/passwords.js';

// Hashed as in production.
vi.unmock('bcrypt');

/** 2^4 rounds: done in a millisecond. */
const CHEAP = `$2b$04$${'.'.repeat(53)}`;

describe('a password', () => {
  it('matches its own hash and no other does', async () => {
    const hash = await passwords.hash('Test123!');
    expect(hash).toMatch(/^\$2b\$1[0-2]\$/);
    expect(await passwords.matches('Test123!', hash)).toBe(true);
    expect(await passwords.matches('test123!', hash)).toBe(false);
  });

  it('does not match with anything behind its 72 bytes, which bcrypt would not read', async () => {
    const password = 'ä'.repeat(36);
    const hash = await passwords.hash(password);
    expect(await passwords.matches(password, hash)).toBe(true);
    expect(await passwords.matches(`${password}x`, hash)).toBe(false);
  });

  it('costs the same work where there is no account', async () => {
    const hash = await passwords.hash('Test123!');
    const time = async (stored?: string) => {
      const startedAt = performance.now();
      expect(await passwords.matches('wrong', stored)).toBe(false);
      return performance.now() - startedAt;
    };
    const fastest = async (stored?: string) => Math.min(await time(stored), await time(stored), await time(stored));
    expect(await fastest(undefined)).toBeGreaterThan((await fastest(hash)) / 2);
  });

  it.each([
    ['$2b$10$80gUowAU10ppK18pykvBNu4q9CGtwj0pv.Ew47b/Z1ej9DR0KR.aC', 'Test123!'],
    ['$2b$10$Nto5b7OFm7pPER.q75WebeNxyY398Kc3ZnstF.lfXlvFB/N.z7cm.', 'ä'.repeat(36)],
  ])('matches a hash that bcryptjs made: %s', async (hash, password) => {
    expect(await passwords.matches(password, hash)).toBe(true);
    expect(await passwords.matches('another', hash)).toBe(false);
  });

  it('is hashed beside the event loop, which stays free', async () => {
    const delays = monitorEventLoopDelay({ resolution: 5 });
    delays.enable();
    const before = performance.eventLoopUtilization();
    await Promise.all(Array.from({ length: 8 }, () => passwords.hash('Test123!')));
    const { utilization } = performance.eventLoopUtilization(before);
    delays.disable();
    expect(utilization).toBeLessThan(0.3);
    expect(delays.percentile(50) / 1e6).toBeLessThan(30);
  });

  it('lets other work of the process have threads while a flood of logins waits', async () => {
    const flood = Array.from({ length: 12 }, () => passwords.matches('wrong', undefined));
    let isFloodOver = false;
    const over = Promise.all(flood).then(() => {
      isFloodOver = true;
    });
    // Files are read by the same threads.
    await readFile(import.meta.filename);
    expect(isFloodOver).toBe(false);
    await over;
  });

  it('is refused with a 503 when more wait than can be served, and the others get their turn', async () => {
    const flood = await Promise.allSettled(Array.from({ length: 300 }, () => passwords.matches('x', CHEAP)));
    const refused = flood.filter((one) => one.status === 'rejected');
    expect(refused).toHaveLength(300 - 2 - 256);
    for (const { reason } of refused as PromiseRejectedResult[]) {
      expect(reason).toMatchObject({ code: 'unavailable', status: 503, details: { retryAfterSeconds: 5 } });
    }
    expect(await passwords.matches('x', CHEAP)).toBe(false);
  });
});
