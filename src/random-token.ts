import { createHash, randomBytes } from 'node:crypto';

/** A token for a link or a URL that lets somebody in: 256 random bits, fit for a URL as it is. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** A token as it is stored and looked up: so many random bits need no salt and no slow hash. */
export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
