import { createHash, randomBytes } from 'node:crypto';
import type { Types } from 'mongoose';
import { config } from '../config.js';
import { open, type Sealed, seal } from '../secrets.js';

/** The context of a business's inbound token. */
export const inboundContext = (businessId: Types.ObjectId) => `${businessId.toHexString()}:inbound`;

/** The secret part of a business's inbound URL, as it is stored: its hash to find the business by, and itself to show. */
export interface StoredToken {
  tokenHash: string;
  token: Sealed;
}

/** A token as it is looked up: 256 random bits need no salt. */
export const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');

/** A new token: 32 random bytes, of which the hash is looked up when SNS calls. */
export function newInboundToken(businessId: Types.ObjectId): StoredToken {
  const token = randomBytes(32).toString('base64url');
  return {
    tokenHash: hashOf(token),
    token: seal(token, inboundContext(businessId)),
  };
}

/** Where SNS posts the events of a business to. Whoever knows it can offer some, so it is shown to people only. */
export function inboundUrl(businessId: Types.ObjectId, sealed: Sealed): string {
  return `${config().publicUrl}/api/inbound/ses/${open(sealed, inboundContext(businessId))}`;
}
