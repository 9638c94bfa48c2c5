import { isUtf8 } from 'node:buffer';
import { AppError } from '../../errors.js';

/** `utf-8`, or what `TextDecoder` calls another encoding. */
export type Encoding = string;

/** What the first bytes of a stream say: `skip` of them are a byte-order mark. */
export interface Detected {
  encoding: Encoding;
  skip: number;
}

/**
 * The encoding that a `charset=` names.
 * @throws AppError 415 for one that nobody knows.
 */
export function encodingOf(charset: string): Encoding {
  try {
    return new TextDecoder(charset).encoding;
  } catch (cause) {
    const message = `The charset ${charset.slice(0, 40)} is not known; UTF-8 is best`;
    throw new AppError('unsupported_media_type', 415, message, { cause });
  }
}

/** The encoding by the byte-order mark that these first bytes of a stream begin with. */
export function encodingOfMark(bytes: Buffer): Detected | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return { encoding: 'utf-8', skip: 3 };
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { encoding: 'utf-16le', skip: 2 };
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { encoding: 'utf-16be', skip: 2 };
  return undefined;
}

/**
 * The encoding by the first character beyond ASCII: a sequence that is UTF-8 is next to never anything else, and what is
 * not UTF-8 is Windows-1252, of which Latin-1's letters are a part. Undefined while there is no such character, or
 * its end has not come yet.
 */
export function encodingByFirstLetter(bytes: Buffer): Encoding | undefined {
  const start = bytes.findIndex((byte) => byte >= 0x80);
  const lead = bytes[start];
  if (lead === undefined) return undefined;
  const sequence = bytes.subarray(start, start + sequenceLength(lead));
  if (isUtf8(sequence)) return 'utf-8';
  return isCutShort(sequence, lead) ? undefined : 'windows-1252';
}

/** How many bytes at the end of `bytes`, three at most, are the beginning of a UTF-8 character that is yet to come. */
export function unfinishedBytes(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte >= 0xc0) return sequenceLength(byte) > back ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}

function isCutShort(sequence: Buffer, lead: number): boolean {
  return sequence.length < sequenceLength(lead) && sequence.subarray(1).every((byte) => byte >> 6 === 0b10);
}

/** RFC 3629 §3: the first byte tells how long a character's sequence is; C0, C1 and F5 to FF begin none. */
function sequenceLength(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  return lead >= 0xf0 && lead <= 0xf4 ? 4 : 1;
}
