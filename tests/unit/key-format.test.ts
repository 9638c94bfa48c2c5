import { describe, expect, it } from 'vitest';
import * as keyFormat from '../../src/services/key-format.js';

describe('an API key', () => {
  it('says what it is and for what', () => {
    expect(keyFormat.generate('live')).toMatch(/^pmh_live_[0-9A-Za-z]{33}$/);
    expect(keyFormat.generate('test')).toMatch(/^pmh_test_[0-9A-Za-z]{33}$/);
  });

  it('is well-formed as it was made, in either mode', () => {
    expect(keyFormat.isWellFormed(keyFormat.generate('live'))).toBe(true);
    expect(keyFormat.isWellFormed(keyFormat.generate('test'))).toBe(true);
  });

  it('is never made twice', () => {
    const keys = Array.from({ length: 1_000 }, () => keyFormat.generate('live'));
    expect(new Set(keys).size).toBe(1_000);
  });

  it('uses every letter of its alphabet in every place of its random part', () => {
    const keys = Array.from({ length: 2_000 }, () => keyFormat.generate('live').slice('pmh_live_'.length));
    // The first place holds the high end of 160 bits in 27 digits and never reaches the last letters.
    for (let place = 1; place < 27; place += 1) expect(new Set(keys.map((key) => key[place])).size).toBe(62);
  });

  it('is refused with any one character changed', () => {
    const key = keyFormat.generate('live');
    for (let at = 'pmh_live_'.length; at < key.length; at += 1) {
      const other = key[at] === 'A' ? 'B' : 'A';
      expect(keyFormat.isWellFormed(key.slice(0, at) + other + key.slice(at + 1))).toBe(false);
    }
  });

  it('is refused when it claims to be of the other mode', () => {
    expect(keyFormat.isWellFormed(keyFormat.generate('test').replace('test', 'live'))).toBe(false);
  });

  it.each(['', 'pmh_live_', 'pmh_live_abc', 'sk_live_abc', ' '.repeat(42), 'é'.repeat(42)])('is not %j', (text) => {
    expect(keyFormat.isWellFormed(text)).toBe(false);
  });

  it('is stored as a hash and shown by a prefix that does not tell it', () => {
    const key = keyFormat.generate('live');
    expect(keyFormat.hash(key)).toMatch(/^[0-9a-f]{64}$/);
    expect(key.startsWith(keyFormat.prefix(key))).toBe(true);
    expect(keyFormat.prefix(key)).toHaveLength(13);
  });
});
