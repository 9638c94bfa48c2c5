import type { Types } from 'mongoose';
import { config } from '../config.js';
import { hashOf, newToken } from '../random-token.js';
import { open, type Sealed, seal } from '../secrets.js';

/** The context of a business's inbound token. */
export const inboundContext = (businessId: Types.ObjectId) => `${businessId.toHexString()}:inbound`;

/** The secret part of a business's inbound URL, as it is stored: its hash to find the business by, and itself to show. */
export interface StoredToken {
  tokenHash: string;
  token: Sealed;
}

/** A new token, of which the hash is looked up when SNS calls. */
export function newInboundToken(businessId: Types.ObjectId): StoredToken {
  const token = newToken();
  return {
    tokenHash: hashOf(token),
    token: seal(token, inboundContext(businessId)),
  };
}

/** Where SNS posts the events of a business to. Whoever knows it can offer some, so it is shown to people only. */
export function inboundUrl(businessId: Types.ObjectId, sealed: Sealed): string {
  return `${config().publicUrl}/api/inbound/ses/${open(sealed, inboundContext(businessId))}`;
}
