import jwt from 'jsonwebtoken';
import type { Types } from 'mongoose';
import { z } from 'zod';
import { config } from '../config.js';

const ISSUER = 'power-mta-hub';
const AUDIENCE = 'power-mta-hub-api';
// Pinned on both sides: a token that names another algorithm, or none, is no token (RFC 8725 §3.1).
const ALGORITHM = 'HS256';

/** However often it is renewed, a session ends so long after the login, in s. */
export const LONGEST_SESSION_S = 30 * 86_400;

/** What a token says. Everything else about its user (role, permissions, business) is asked of the database. */
export interface Claims {
  userId: string;
  /** The user's `tokenVersion` when it was signed: it ends when the user's has moved on. */
  version: number;
  /** When the user gave the password (`auth_time`, OpenID Connect Core 1.0 §2), in s since 1970. */
  authTime: number;
}

const Payload = z.object({
  sub: z.string().regex(/^[0-9a-f]{24}$/),
  ver: z.number().int().min(0),
  auth_time: z.number().int().min(0),
});

/** A session token for a user who has just given the password, valid for JWT_EXPIRES_IN. */
export function sign({ _id, tokenVersion }: { _id: Types.ObjectId; tokenVersion: number }): string {
  return signed({ userId: String(_id), version: tokenVersion, authTime: now() });
}

/** The same session's next token, valid as long, but not beyond the session's end. */
export function renew(claims: Claims): string {
  return signed(claims);
}

function signed({ userId, version, authTime }: Claims): string {
  const left = authTime + LONGEST_SESSION_S - now();
  return jwt.sign({ ver: version, auth_time: authTime }, config().jwtSecret, {
    algorithm: ALGORITHM,
    issuer: ISSUER,
    audience: AUDIENCE,
    subject: userId,
    expiresIn: Math.min(config().jwtLifetimeSeconds, left),
  });
}

const now = () => Math.floor(Date.now() / 1_000);

/** What the token says, or undefined where it is expired, not signed by this hub, or not one of its session tokens. */
export function read(token: string): Claims | undefined {
  let payload: unknown;
  try {
    payload = jwt.verify(token, config().jwtSecret, { algorithms: [ALGORITHM], issuer: ISSUER, audience: AUDIENCE });
  } catch {
    return undefined;
  }
  const { data } = Payload.safeParse(payload);
  return data && { userId: data.sub, version: data.ver, authTime: data.auth_time };
}
