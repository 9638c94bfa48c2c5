import { describe, expect, it } from 'vitest';
import { compose } from '../../src/sending/batch/compose.js';
import { compile } from '../../src/templates/compile.js';
import { render } from '../../src/templates/render.js';

const letter = (overrides: object = {}) => ({
  from: { name: 'Whisky', address: 'news@example.com' },
  to: [{ name: 'Ann', address: 'ann@example.com' }],
  subject: 'Hello',
  html: '<p>Hello</p>',
  text: 'Hello',
  headers: {},
  ...overrides,
});

const headersOf = (raw: Buffer) => raw.toString('utf8').split('\r\n\r\n')[0] ?? '';

describe('a message', () => {
  it('keeps every line within the 998 characters of RFC 5322, whatever a variable holds', () => {
    const long = 'x'.repeat(5_000);
    const { subject, text } = render(compile({ subject: '{{ v }}', text: '{{ v }}' }), { v: long });
    const raw = compose(letter({ subject, text, html: `<p>${long}</p>` })).toString('utf8');
    expect(Math.max(...raw.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998);
  });

  it('shows names and subjects that look like encoded words as they are', () => {
    const lookalike = '=?utf-8?q?evil?=';
    const raw = compose(letter({ subject: lookalike, to: [{ name: lookalike, address: 'ann@example.com' }] }));
    expect(headersOf(raw)).not.toContain(lookalike);
  });

  it('writes names with umlauts, quotes and commas so that they stay one name', () => {
    const raw = compose(letter({ to: [{ name: 'Groß, "Jo" <x@y.z>', address: 'ann@example.com' }] }));
    expect(headersOf(raw).match(/^To: .*<ann@example\.com>$/m)).not.toBeNull();
    expect(headersOf(raw)).not.toContain('<x@y.z>');
  });

  it('has no line of spaces alone in its header, which some take for its end', () => {
    const wide = `one${' '.repeat(200)}two`;
    const to = [{ name: wide, address: 'ann@example.com' }];
    const files = [{ filename: wide, contentType: 'text/plain', content: Buffer.from('x') }];
    const raw = compose(letter({ subject: wide, to, headers: { 'X-Wide': wide }, files })).toString('utf8');
    expect(raw).not.toMatch(/^[ \t]+\r$/m);
    expect(raw).toContain('Subject: one two');
    expect(raw).toContain('X-Wide: one two');
  });

  it('has an id at the sender’s domain and a boundary that are its own', () => {
    const [one, other] = [compose(letter()), compose(letter())].map(headersOf);
    const own = [/^Message-ID: (<[\w-]+@example\.com>)$/m, /boundary="([^"]+)"/];
    for (const pattern of own) {
      expect(one?.match(pattern)?.[1]).toBeDefined();
      expect(one?.match(pattern)?.[1]).not.toBe(other?.match(pattern)?.[1]);
    }
  });

  it('ends every line with CR and LF, also those of base64', () => {
    for (const line of ['one', 'one '.repeat(40), 'раз '.repeat(40)]) {
      const lines = `${line}.\n${line}.\r\n${line}.\r${line}.`;
      const raw = compose(letter({ text: lines, html: undefined })).toString('latin1');
      const [head = '', body = ''] = raw.split('\r\n\r\n');
      expect(body.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
      const text = head.includes('base64') ? Buffer.from(body, 'base64').toString() : body.replaceAll('=\r\n', '');
      expect(text.trim()).toBe(Array.from({ length: 4 }, () => `${line}.`).join('\r\n'));
    }
  });
});
