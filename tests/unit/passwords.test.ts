import { describe, expect, it } from 'vitest';
import * as passwords from '../../src/services/passwords.js';

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
});
