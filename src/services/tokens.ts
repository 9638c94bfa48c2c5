import jwt from 'jsonwebtoken';
import type { Types } from 'mongoose';
import { z } from 'zod';
import { config } from '../config.js';

const ISSUER = 'power-mta-hub';
const AUDIENCE = 'power-mta-hub-api';
// Pinned on both sides: a token that names another algorithm, or none, is no token (RFC 8725 §3.1).
const ALGORITHM = 'HS256';

/** What a token says. Everything else about its user (role, permissions, business) is asked of the database. */
export interface Claims {
  userId: string;
  /** The user's `tokenVersion` when it was signed: it ends when the user's has moved on. */
  version: number;
}

const Payload = z.object({ sub: z.string().regex(/^[0-9a-f]{24}$/), ver: z.number().int().min(0) });

/** A session token for the user, valid for JWT_EXPIRES_IN. */
export function sign(user: { _id: Types.ObjectId; tokenVersion: number }): string {
  return jwt.sign({ ver: user.tokenVersion }, config().jwtSecret, {
    algorithm: ALGORITHM,
    issuer: ISSUER,
    audience: AUDIENCE,
    subject: String(user._id),
    expiresIn: config().jwtLifetimeSeconds,
  });
}

/** What the token says, or undefined where it is expired, not signed by this hub, or not one of its session tokens. */
export function read(token: string): Claims | undefined {
  let payload: unknown;
  try {
    payload = jwt.verify(token, config().jwtSecret, { algorithms: [ALGORITHM], issuer: ISSUER, audience: AUDIENCE });
  } catch {
    return undefined;
  }
  const parsed = Payload.safeParse(payload);
  return parsed.success ? { userId: parsed.data.sub, version: parsed.data.ver } : undefined;
}
