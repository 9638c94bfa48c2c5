import type { Types } from 'mongoose';
import type { Business } from '../../models/business.js';
import type { Delivery } from '../../models/delivery.js';
import type { PauseReason } from '../../models/email-campaign.js';
import type { Frozen } from '../../models/frozen.js';
import type { SuppressionReason } from '../../models/suppression.js';
import type { Hold } from '../campaigns/moves.js';
import type { Cap } from '../limits/caps.js';
import type { Lane } from '../limits/lanes.js';

/** The same for everybody it goes to: what a campaign's launch, or the acceptance of a message, has frozen. */
export interface Mailing {
  readonly _id: Types.ObjectId;
  readonly business: Types.ObjectId;
  readonly frozen: Frozen;
  /** Come back with every event of SES, beside those of the delivery. */
  readonly tags: Readonly<Record<string, string>>;
}

/** How a batch ended, and so what its turn does next. */
export type BatchEnd =
  /** There may be more to send. */
  | { kind: 'more' }
  /** Nothing is due. */
  | { kind: 'empty' }
  /** Nothing can go out for the moment. */
  | { kind: 'wait'; ms: number }
  /** It is not under way any more, or is woken by the pulse. */
  | { kind: 'stopped' };

/** Where a batch's deliveries come from, and what becomes of it when they cannot go out: a campaign, or a message. */
export interface Source {
  readonly mailing: Mailing;
  readonly lane: Lane;
  /** A rate of its own, under the account's. */
  readonly ratePerSecond?: number | undefined;
  /** The daily caps that it is under. */
  capsOf(business: Business): Cap[];
  /** Whether it may send at this moment. */
  isRunning(): Promise<boolean>;
  /** What there is to claim, not yet anybody's. */
  findDue(wanted: number): Promise<Delivery[]>;
  /** Which of these addresses get nothing of this lane, each with its reason. */
  blocked(emails: readonly string[]): Promise<Map<string, SuppressionReason>>;
  /** A batch begins to call SES. Never throws: the claim is made. */
  started(): Promise<void>;
  /** Deliveries went back to pending, perhaps after it was taken to be over. */
  cameBack(): Promise<void>;
  /** Whether an answer of SES that is about the account fails this delivery alone, and the next is tried all the same. */
  readonly failsAlone: boolean;
  /** Nothing of it can go out until a person acts. */
  stop(reason: PauseReason, message: string): Promise<BatchEnd>;
  /** Nothing of it goes out until then; it goes on by itself. */
  hold(held: Hold): Promise<BatchEnd>;
  /** Whether SES has taken nothing of it and refused so many that the next would fare no better. */
  refusesAll(): Promise<boolean>;
}
