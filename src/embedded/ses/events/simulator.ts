import type { Account } from '../accounts.js';

/** What becomes of a message to one recipient, one after the other. */
export type Outcome =
  | { kind: 'delivery' }
  | { kind: 'bounce'; bounceType: 'Permanent' | 'Transient'; bounceSubType: string; diagnostic?: string }
  | { kind: 'complaint'; complaintSubType: string | null };

const DELIVERED: Outcome = { kind: 'delivery' };

/** The addresses of the mailbox simulator, and what SES reports of them. */
const SIMULATED: Readonly<Record<string, readonly Outcome[]>> = {
  success: [DELIVERED],
  bounce: [
    {
      kind: 'bounce',
      bounceType: 'Permanent',
      bounceSubType: 'General',
      diagnostic: 'smtp; 550 5.1.1 user unknown',
    },
  ],
  // The mailbox accepts the message, and its automatic answer is taken for a bounce.
  ooto: [DELIVERED, { kind: 'bounce', bounceType: 'Transient', bounceSubType: 'General' }],
  complaint: [DELIVERED, { kind: 'complaint', complaintSubType: null }],
  suppressionlist: [
    {
      kind: 'bounce',
      bounceType: 'Permanent',
      bounceSubType: 'Suppressed',
      diagnostic:
        'Amazon SES has suppressed sending to this address because it has a recent history of bouncing as an invalid address. For more information about how to remove an address from the suppression list, see the Amazon SES Developer Guide: http://docs.aws.amazon.com/ses/latest/DeveloperGuide/remove-from-suppressionlist.html ',
    },
  ],
};

const SUPPRESSED_BY_ACCOUNT: Readonly<Record<'BOUNCE' | 'COMPLAINT', readonly Outcome[]>> = {
  BOUNCE: [
    {
      kind: 'bounce',
      bounceType: 'Permanent',
      bounceSubType: 'OnAccountSuppressionList',
      diagnostic:
        'Amazon SES did not send the message to this address because it is on the suppression list for your account. For more information about removing addresses from the suppression list, see the Amazon SES Developer Guide at https://docs.aws.amazon.com/ses/latest/DeveloperGuide/sending-email-suppression-list.html',
    },
  ],
  COMPLAINT: [{ kind: 'complaint', complaintSubType: 'OnAccountSuppressionList' }],
};

/**
 * What SES reports of a recipient: of an address on the account's suppression list that it is on it, of the mailbox
 * simulator's addresses (with or without a label: `bounce+label@`) what they stand for, of any other a delivery.
 */
export function outcomesOf(recipient: string, { suppression, settings }: Account): readonly Outcome[] {
  const suppressed = suppression.find(recipient);
  if (suppressed && settings.suppressedReasons.includes(suppressed.reason)) {
    return SUPPRESSED_BY_ACCOUNT[suppressed.reason];
  }
  const scenario = /^([^+]+)(\+.*)?@simulator\.amazonses\.com$/i.exec(recipient)?.[1]?.toLowerCase() ?? '';
  return (Object.hasOwn(SIMULATED, scenario) ? SIMULATED[scenario] : undefined) ?? [DELIVERED];
}
