import type { Types } from 'mongoose';
import { open, type Sealed, seal } from '../../secrets.js';

/** What the hub itself has to say to somebody: plain text, as people write it. */
export interface SystemMailContent {
  subject: string;
  text: string;
}

/** The context of a waiting message's content. */
export const systemMailContext = (id: Types.ObjectId) => `${id.toHexString()}:system-mail`;

export function sealContent(id: Types.ObjectId, { subject, text }: SystemMailContent): Sealed {
  return seal(JSON.stringify({ subject, text }), systemMailContext(id));
}

/** @throws Error when it was sealed under another ENCRYPTION_KEY. */
export function openContent(id: Types.ObjectId, sealed: Sealed): SystemMailContent {
  return JSON.parse(open(sealed, systemMailContext(id))) as SystemMailContent;
}
