import { z } from 'zod';
import { SUPPRESSION_REASONS } from './suppression-list.js';

/** What can be set about an account. */
export const AccountSettings = z.object({
  /** Recipients a second, sustained. */
  maxSendRate: z.number().positive(),
  /** How many recipients may go out at once after a pause; a second's worth when null. */
  burst: z.number().positive().nullable(),
  /** Recipients in any 24 hours; -1 for no limit. */
  max24HourSend: z.number().min(-1),
  /** When false, nothing is refused for its rate or for the day, and what would have been is counted as `overLimit`. */
  enforceLimits: z.boolean(),
  sandbox: z.boolean(),
  sendingEnabled: z.boolean(),
  /** Refuses an unverified sender also outside the sandbox, as AWS does. */
  requireVerifiedSender: z.boolean(),
  /** New identities, DKIM and MAIL FROM domains are `Success` at once; otherwise `Pending` until told. */
  autoVerify: z.boolean(),
  /** As SES judges the account: under review is `PROBATION`, paused by SES `SHUTDOWN`. */
  enforcementStatus: z.enum(['HEALTHY', 'PROBATION', 'SHUTDOWN']),
  /** For which reasons the account's suppression list holds mail back. */
  suppressedReasons: z.array(z.enum(SUPPRESSION_REASONS)),
  /** What IAM refuses, e.g. `sns:CreateTopic`, `ses:*`. */
  deniedActions: z.array(z.string()),
  /** How long it takes until a message is sent, then until it is delivered, then until there is a complaint; null: no event comes by itself. */
  outcomeDelayMs: z.number().min(0).nullable(),
  /** By how much the pauses of a delivery policy are multiplied: 0.001 makes its seconds milliseconds. */
  snsPauseScale: z.number().min(0),
  /** How many notifications are under way to one endpoint. */
  snsConcurrency: z.number().int().positive(),
});
export type AccountSettings = z.infer<typeof AccountSettings>;

/** A change of an account: any of its settings, and how much it has sent by now. */
export const AccountChange = AccountSettings.partial().extend({ sentLast24Hours: z.number().min(0).optional() });
export type AccountChange = z.infer<typeof AccountChange>;

/** An account out of the sandbox, with AWS's usual first limits. */
export const DEFAULT_SETTINGS: AccountSettings = {
  maxSendRate: 14,
  burst: null,
  max24HourSend: 50_000,
  enforceLimits: true,
  sandbox: false,
  sendingEnabled: true,
  requireVerifiedSender: false,
  autoVerify: true,
  enforcementStatus: 'HEALTHY',
  suppressedReasons: ['BOUNCE', 'COMPLAINT'],
  deniedActions: [],
  outcomeDelayMs: 5,
  snsPauseScale: 0.001,
  snsConcurrency: 16,
};
