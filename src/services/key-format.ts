import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 160 bits in base 62. */
const SECRET_LENGTH = 27;
/** 32 bits in base 62. */
const CHECKSUM_LENGTH = 6;
const KEY = new RegExp(`^pmh_(?:live|test)_[0-9A-Za-z]{${SECRET_LENGTH + CHECKSUM_LENGTH}}$`);

/**
 * A new API key: `pmh_live_`, 160 random bits, and a CRC-32 of both, all in base 62. The checksum tells a mistyped or
 * made-up key from a real one without a look into the database, and lets secret scanners be sure of what they found.
 */
export function generate(mode: 'live' | 'test'): string {
  const unchecked = `pmh_${mode}_${base62(BigInt(`0x${randomBytes(20).toString('hex')}`), SECRET_LENGTH)}`;
  return unchecked + checksum(unchecked);
}

/** Whether the text can be a key: its form and its checksum are right. */
export function isWellFormed(text: string): boolean {
  return KEY.test(text) && checksum(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH);
}

/** What is stored of a key: its SHA-256 in hex. 160 random bits need no salt and no slow hash. */
export function hash(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** What a person sees of a key afterwards: `pmh_live_3kTz`. */
export function prefix(key: string): string {
  return key.slice(0, 'pmh_live_'.length + 4);
}

function checksum(text: string): string {
  return base62(BigInt(crc32(text)), CHECKSUM_LENGTH);
}

function base62(number: bigint, length: number): string {
  let digits = '';
  for (let rest = number; digits.length < length; rest /= 62n) digits = BASE62.charAt(Number(rest % 62n)) + digits;
  return digits;
}
