import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/errors.js';
import { decode } from '../../../src/services/recipient-import/decode.js';
import { collected, pieces } from './support.js';

const TEXT = 'email,name\nann@x.org,Änne Müller\nzoë@x.org,"€ – 日本 😀"\n';
const WESTERN = 'email,name\nann@x.org,Änne Müller – “€”\n';

/** `text` in Windows-1252, as far as this file needs it. */
function windows1252(text: string): Buffer {
  const special: Record<string, number> = { '€': 0x80, '–': 0x96, '“': 0x93, '”': 0x94 };
  return Buffer.from([...text].map((letter) => special[letter] ?? letter.charCodeAt(0)));
}

const swapped = (bytes: Buffer): Buffer => Buffer.from(bytes).swap16();
const withMark = (mark: number[], bytes: Buffer): Buffer => Buffer.concat([Buffer.from(mark), bytes]);

describe('decode', () => {
  const cases: [string, Buffer, string | undefined, string][] = [
    ['UTF-8', Buffer.from(TEXT), undefined, TEXT],
    ['UTF-8 with a byte-order mark', withMark([0xef, 0xbb, 0xbf], Buffer.from(TEXT)), undefined, TEXT],
    ['UTF-8 that says so', withMark([0xef, 0xbb, 0xbf], Buffer.from(TEXT)), 'UTF-8', TEXT],
    ['UTF-16 little endian', withMark([0xff, 0xfe], Buffer.from(TEXT, 'utf16le')), undefined, TEXT],
    ['UTF-16 big endian', withMark([0xfe, 0xff], swapped(Buffer.from(TEXT, 'utf16le'))), undefined, TEXT],
    ['UTF-16 whose mark contradicts the header', withMark([0xff, 0xfe], Buffer.from(TEXT, 'utf16le')), 'utf-8', TEXT],
    ['Windows-1252 by its letters', windows1252(WESTERN), undefined, WESTERN],
    ['Windows-1252 that says Latin-1', windows1252(WESTERN), 'iso-8859-1', WESTERN],
    ['ASCII', Buffer.from('email\na@x.org\n'), undefined, 'email\na@x.org\n'],
    ['a file that ends with its first letter beyond ASCII', Buffer.from('email\nä'), undefined, 'email\nä'],
    ['Latin-1 that ends with a letter that would begin UTF-8', windows1252('email\nä'), undefined, 'email\nä'],
    ['two bytes', Buffer.from('ab'), undefined, 'ab'],
    ['nothing', Buffer.alloc(0), undefined, ''],
  ];

  it.each(cases)('reads %s, however it is cut', async (_case, bytes, charset, expected) => {
    for (const size of [1, 2, 3, 5, 64, 100_000]) {
      const { items, error } = await collected(decode(pieces(bytes, size), charset));
      expect(error).toBeUndefined();
      expect(items.join('')).toBe(expected);
    }
  });

  it('gives what stands before bytes that are not UTF-8, and breaks there', async () => {
    const bytes = Buffer.concat([Buffer.from('ä\nö\nü'), Buffer.from([0xff]), Buffer.from('\nß\n')]);
    const { items, error } = await collected(decode(pieces(bytes, 100)));
    expect(items.join('')).toBe('ä\nö\n');
    expect(error).toMatchObject({ name: 'BrokenStream', message: 'has bytes that are not UTF-8' });
  });

  it('breaks at a UTF-8 character that is cut short', async () => {
    const { items, error } = await collected(decode(pieces(Buffer.from('ä\nö').subarray(0, 4), 2)));
    expect(items.join('')).toBe('ä\n');
    expect(error).toMatchObject({ name: 'BrokenStream', message: 'ends in the middle of a UTF-8 character' });
  });

  it('breaks at half a pair of UTF-16', async () => {
    const bytes = withMark([0xff, 0xfe], Buffer.from('a\ud83da', 'utf16le'));
    expect((await collected(decode(pieces(bytes, 100)))).error).toMatchObject({ name: 'BrokenStream' });
  });

  it('takes a failure of its source for a cut connection', async () => {
    async function* cut() {
      yield Buffer.from('abcdef');
      throw new Error('aborted');
    }
    const { items, error } = await collected(decode(cut()));
    expect(items).toEqual(['abcdef']);
    expect(error).toMatchObject({ name: 'BrokenStream', message: 'was cut off by its sender' });
  });

  it('refuses a charset that nobody knows', async () => {
    const { error } = await collected(decode(pieces(Buffer.from('abc'), 3), 'klingon'));
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ status: 415 });
  });
});
