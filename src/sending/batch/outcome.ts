import type { Types } from 'mongoose';

interface Failure {
  code: string;
  message: string;
}

/** How one delivery's attempt ended. */
export type Outcome =
  | { kind: 'sent'; id: Types.ObjectId; messageId: string; at: Date }
  /** SES may have taken it; only its own events can tell. */
  | { kind: 'unconfirmed'; id: Types.ObjectId; error: Failure; at: Date }
  /** SES refuses it, or it cannot be made: it is at its end. */
  | { kind: 'failed'; id: Types.ObjectId; error: Failure; at: Date }
  | { kind: 'suppressed'; id: Types.ObjectId; error: Failure };
