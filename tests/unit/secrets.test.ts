import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fingerprints, isPresent, keyId, open, seal } from '../../src/secrets.js';

const key = randomBytes(32);
const keys = [key] as const;
const sealed = seal('a secret with ümläuts', 'business-1:ses', keys);

function flip(base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
  return bytes.toString('base64');
}

describe('a fingerprint', () => {
  it('is known again after a change of keys, and by nobody who has none of them', () => {
    const [before] = fingerprints('a text', [key]);
    const later = randomBytes(32);
    expect(fingerprints('a text', [later, key])[0]).not.toBe(before);
    expect(fingerprints('a text', [later, key])).toContain(before);
    expect(fingerprints('a text', [later])).not.toContain(before);
    expect(fingerprints('another', [key])).not.toContain(before);
    expect(before).not.toBe(createHash('sha256').update('a text').digest('hex'));
  });
});

describe('a sealed secret', () => {
  it('opens in its own context and under its own key', () => {
    expect(open(sealed, 'business-1:ses', keys)).toBe('a secret with ümläuts');
  });

  it('does not show the secret', () => {
    expect(JSON.stringify(sealed)).not.toContain('secret');
    expect(Buffer.from(sealed.ct, 'base64').toString()).not.toContain('secret');
  });

  it('is different each time', () => {
    expect(seal('same', 'context', keys).ct).not.toBe(seal('same', 'context', keys).ct);
  });

  it('does not open when copied to another tenant', () => {
    expect(() => open(sealed, 'business-2:ses', keys)).toThrow();
  });

  it.each(['iv', 'tag', 'ct'] as const)('does not open when its %s was changed', (field) => {
    expect(() => open({ ...sealed, [field]: flip(sealed[field]) }, 'business-1:ses', keys)).toThrow();
  });

  it('does not open with a shortened tag, which would be easier to guess', () => {
    const tag = Buffer.from(sealed.tag, 'base64').subarray(0, 4).toString('base64');
    expect(() => open({ ...sealed, tag }, 'business-1:ses', keys)).toThrow();
  });

  it('names both keys when it was sealed under another one', () => {
    const other = randomBytes(32);
    expect(() => open(sealed, 'business-1:ses', [other])).toThrow(
      `${keyId(key)}, but ENCRYPTION_KEY is ${keyId(other)}`,
    );
  });

  it('is opened by an earlier key, and sealed by the present one', () => {
    const present = randomBytes(32);
    const turned = [present, randomBytes(32), key] as const;
    expect(open(sealed, 'business-1:ses', turned)).toBe('a secret with ümläuts');
    expect(isPresent(sealed, turned)).toBe(false);
    const anew = seal('x', 'business-1:ses', turned);
    expect(isPresent(anew, turned)).toBe(true);
    expect(anew.kid).toBe(keyId(present));
  });
});
