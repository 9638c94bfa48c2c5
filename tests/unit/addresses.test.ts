import { describe, expect, it } from 'vitest';
import { asciiDomain, normalizeEmail, parseAddress } from '../../src/addresses.js';

describe('an address', () => {
  it.each([
    ['ann@example.com', { email: 'ann@example.com' }],
    ['  Ann@Example.COM ', { email: 'ann@example.com' }],
    ["o'brien+news@example.co.uk", { email: "o'brien+news@example.co.uk" }],
    ['<ann@example.com>', { email: 'ann@example.com' }],
    ['Ann Lee <ann@example.com>', { email: 'ann@example.com', name: 'Ann Lee' }],
    ['Jörg Müller <joerg@müller.de>', { email: 'joerg@xn--mller-kva.de', name: 'Jörg Müller' }],
    ['"Lee, Ann" <ann@example.com>', { email: 'ann@example.com', name: 'Lee, Ann' }],
    ['"Ann \\"A\\" Lee" <ann@example.com>', { email: 'ann@example.com', name: 'Ann "A" Lee' }],
  ])('is read from %j', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
  });

  it.each([
    '',
    '@',
    'ann',
    'ann@',
    '@example.com',
    'ann@localhost',
    'ann@example..com',
    'ann@-example.com',
    'ann@127.0.0.1',
    'ann@[127.0.0.1]',
    'a..b@example.com',
    '.ann@example.com',
    'ann lee@example.com',
    'ann@example.com, bob@example.com',
    'jörg@example.com',
    `${'a'.repeat(65)}@example.com`,
    'ann@example.com\r\nBcc: eve@example.com',
    'Ann\r\nBcc: eve@example.com <ann@example.com>',
    'Ann <ann@example.com> <eve@example.com>',
  ])('is not %j, and the reason is said', (text) => {
    expect(parseAddress(text)).toEqual({ reason: expect.stringMatching(/\w/) });
  });

  it('has one spelling, whatever case it came in', () => {
    expect(normalizeEmail('ANN@MÜLLER.DE')).toBe(normalizeEmail('ann@xn--mller-kva.de'));
  });

  it('is read in time that grows with its length, however it is made', () => {
    const startedAt = performance.now();
    for (const text of [`${'"'.repeat(50_000)}>`, `${' '.repeat(50_000)}>`, `${'a.'.repeat(50_000)}@x`])
      parseAddress(text);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe('a domain', () => {
  it('comes in lower case and punycode', () => {
    expect(asciiDomain('Example.COM')).toBe('example.com');
    expect(asciiDomain('müller.de')).toBe('xn--mller-kva.de');
  });

  it.each([
    '',
    'localhost',
    'a b.com',
    'example.com.',
    'http://example.com',
    'a'.repeat(64).concat('.com'),
    '１.１.１.１',
  ])('is not %j', (text) => {
    expect(asciiDomain(text)).toBeUndefined();
  });
});
