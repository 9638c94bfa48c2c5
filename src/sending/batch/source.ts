import type { Types } from 'mongoose';
import type { Business } from '../../models/business.js';
import type { Delivery } from '../../models/delivery.js';
import type { PauseReason } from '../../models/email-campaign.js';
import type { Frozen } from '../../models/frozen.js';
import type { SuppressionReason } from '../../models/suppression.js';
import type { Hold } from '../campaigns/moves.js';
import type { Cap } from '../limits/caps.js';
import type { Lane } from '../limits/lanes.js';
import type { Stop } from './attempt.js';
import type { AttachedFile } from './compose.js';

/** The same for everybody it goes to: what a campaign's launch, or the acceptance of a message, has frozen. */
export interface Mailing {
  readonly _id: Types.ObjectId;
  readonly business: Types.ObjectId;
  readonly frozen: Frozen;
  /** Come back with every event of SES, beside those of the delivery. */
  readonly tags: Readonly<Record<string, string>>;
  /** Whether it says in its header how to leave: bulk mail does. */
  readonly hasWayOut: boolean;
  /** What its header says and who reads what beside the text; where absent, each recipient is addressed alone. */
  readonly letter?: Letterhead | undefined;
  readonly files?: readonly AttachedFile[] | undefined;
}

/** The header of a message that several people get. */
export interface Letterhead {
  readonly to: readonly Mailbox[];
  readonly cc: readonly Mailbox[];
  readonly replyTo?: Mailbox | null | undefined;
  readonly headers: readonly { name?: string | null; value?: string | null }[];
}

export interface Mailbox {
  readonly email: string;
  readonly name?: string | null | undefined;
}

/** Why one delivery cannot be sent, whatever SES would say. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
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

/** Where a batch's deliveries come from, and what becomes of it when they cannot go out: a campaign, or a line of messages. */
export interface Source {
  /** Names it in the log. */
  readonly id: Types.ObjectId;
  readonly business: Types.ObjectId;
  readonly lane: Lane;
  /** A test key's: as if SES took it, and SES never hears of it. It uses no slot, and nothing of the month. */
  readonly isSandbox: boolean;
  /** A rate of its own, under the account's. */
  readonly ownRate?: { readonly id: Types.ObjectId; readonly ratePerSecond: number } | undefined;
  /** The daily caps that these are under. */
  capsOf(business: Business, candidates: readonly Delivery[]): Cap[];
  /** Why nothing of it may go out for this business, e.g. that its domain is not verified. */
  problemOf(business: Business): string | undefined;
  /** Whether it may send at this moment. */
  isRunning(): Promise<boolean>;
  /** What there is to claim, not yet anybody's. */
  findDue(wanted: number): Promise<Delivery[]>;
  /** Which of these addresses get nothing of this lane, each with its reason. */
  blocked(emails: readonly string[]): Promise<Map<string, SuppressionReason>>;
  /** What each of these gets, or why it gets nothing. */
  mailingsOf(deliveries: readonly Delivery[], business: Business): Promise<(delivery: Delivery) => Mailing | Refusal>;
  /** A batch begins to call SES. Never throws: the claim is made. */
  started(): Promise<void>;
  /** Deliveries went back to pending, perhaps after it was taken to be over. */
  cameBack(): Promise<void>;
  /** Whether an answer of SES that is about the account fails this delivery alone, and the next is tried all the same. */
  failsAlone(stop: Extract<Stop, { kind: 'pause' }>): boolean;
  /** Nothing of it can go out until a person acts. */
  stop(reason: PauseReason, message: string): Promise<BatchEnd>;
  /** Nothing of it goes out until then; it goes on by itself. */
  hold(held: Hold): Promise<BatchEnd>;
  /** Whether SES has taken nothing of it and refused so many that the next would fare no better. */
  refusesAll(): Promise<boolean>;
}
