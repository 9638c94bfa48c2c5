import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { config } from './config.js';

/** A secret at rest: AES-256-GCM under the key `kid` of ENCRYPTION_KEY. All fields but `v` and `kid` are base64. */
export interface Sealed {
  v: 1;
  kid: string;
  iv: string;
  tag: string;
  ct: string;
}

/**
 * Encrypts a secret for storage. `context` (tenant and field, e.g. `6650…:ses`) is authenticated with it, so that a
 * sealed value copied into another document does not open.
 */
export function seal(plain: string, context: string, key = config().encryptionKey): Sealed {
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

/** @throws Error when ENCRYPTION_KEY is not the one it was sealed under, or the value or its context was changed. */
export function open(sealed: Sealed, context: string, key = config().encryptionKey): string {
  if (sealed.kid !== keyId(key)) {
    throw new Error(`Sealed under the encryption key ${sealed.kid}, but ENCRYPTION_KEY is ${keyId(key)}`);
  }
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(sealed.iv, 'base64'), { authTagLength: 16 })
    .setAAD(Buffer.from(context))
    .setAuthTag(Buffer.from(sealed.tag, 'base64'));
  return Buffer.concat([decipher.update(Buffer.from(sealed.ct, 'base64')), decipher.final()]).toString('utf8');
}

/** Names a key without telling anything of it: eight hex digits of its hash. */
export function keyId(key: Buffer): string {
  return createHash('sha256').update('pmh-key-id').update(key).digest('hex').slice(0, 8);
}
