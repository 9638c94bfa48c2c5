import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { config } from './config.js';

/** A secret at rest: AES-256-GCM under the key `kid` of ENCRYPTION_KEY. All fields but `v` and `kid` are base64. */
export interface Sealed {
  v: 1;
  kid: string;
  iv: string;
  tag: string;
  ct: string;
}

/** The key that seals, then those that it came after: they open what is still sealed under them. */
export type EncryptionKeys = readonly [Buffer, ...Buffer[]];

/**
 * Encrypts a secret for storage. `context` (tenant and field, e.g. `6650…:ses`) is authenticated with it, so that a
 * sealed value copied into another document does not open.
 */
export function seal(plain: string, context: string, [key]: EncryptionKeys = config().encryptionKeys): Sealed {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context));
  const ct = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
  return {
    v: 1,
    kid: keyId(key),
    iv: iv.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
    ct: ct.toString('base64'),
  };
}

/** @throws Error when it was sealed under none of the keys, or the value or its context was changed. */
export function open(sealed: Sealed, context: string, keys: EncryptionKeys = config().encryptionKeys): string {
  const key = keys.find((one) => keyId(one) === sealed.kid);
  if (!key) {
    const known = keys.map(keyId).join(', ');
    throw new Error(`Sealed under the encryption key ${sealed.kid}, but ENCRYPTION_KEY is ${known}`);
  }
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(sealed.iv, 'base64'), { authTagLength: 16 })
    .setAAD(Buffer.from(context))
    .setAuthTag(Buffer.from(sealed.tag, 'base64'));
  return Buffer.concat([decipher.update(Buffer.from(sealed.ct, 'base64')), decipher.final()]).toString('utf8');
}

/** Whether it is sealed under the key that seals now. */
export function isPresent(sealed: Sealed, [key]: EncryptionKeys = config().encryptionKeys): boolean {
  return sealed.kid === keyId(key);
}

/**
 * Names a text by which it is known again, under each of the keys, the present one first. From a plain hash whoever reads the
 * database could guess a password that stands in the text, and a thousand million times a second.
 */
export function fingerprints(text: string, keys: EncryptionKeys = config().encryptionKeys): [string, ...string[]] {
  const under = (key: Buffer) => createHmac('sha256', key).update('pmh-fingerprint:').update(text).digest('hex');
  const [present, ...previous] = keys;
  return [under(present), ...previous.map(under)];
}

/** Names a key without telling anything of it: eight hex digits of its hash. */
export function keyId(key: Buffer): string {
  return createHash('sha256').update('pmh-key-id').update(key).digest('hex').slice(0, 8);
}
