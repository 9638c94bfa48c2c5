import { createHash } from 'node:crypto';

/** An inbound URL's token as it is stored: 256 random bits need no salt. */
export const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');
