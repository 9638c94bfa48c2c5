import jwt from 'jsonwebtoken';
import { config } from '../../src/config.js';

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

const claimsOf = (token: string) => jwt.decode(token) as jwt.JwtPayload;

/** The same claims, signed anew by the hub's own secret: as good as the first. */
export const signedAnew = (token: string): string => jwt.sign(claimsOf(token), config().jwtSecret);

/** The same claims, out of date since a minute ago. */
export function expired(token: string): string {
  const now = Math.floor(Date.now() / 1_000);
  return jwt.sign({ ...claimsOf(token), iat: now - 3_600, exp: now - 60 }, config().jwtSecret);
}

/** The same claims, signed by nobody (RFC 7519 §6). */
export const unsigned = (token: string): string => `${part({ alg: 'none', typ: 'JWT' })}.${part(claimsOf(token))}.`;

/** The same claims, signed by somebody else. */
export const signedByAnother = (token: string): string => jwt.sign(claimsOf(token), `not ${config().jwtSecret}`);
