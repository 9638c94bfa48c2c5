import type { Suppression } from '../models/suppression.js';
import { credentialsOf } from '../ses/credentials.js';
import { classify } from '../ses/errors.js';
import { type AccountList, takeOffAccountList } from '../ses/suppression-list.js';
import type { Tenant } from '../tenant.js';
import * as businesses from './businesses.js';

/** SES puts an address on its list for these, and for nothing else. */
const SES_REASONS = ['bounced', 'complained'];

type Reasons = Suppression['reasons'];

const isSes = (reasons: Reasons) => reasons.some(({ reason }) => SES_REASONS.includes(reason));

/**
 * Takes an address off SES's list, too, when nothing is left on ours for which SES would keep it there. Never throws for
 * what SES says: the business's own list is its own to change.
 * @param taken the reasons that are taken back, and those that stay.
 */
export async function clear(
  { businessId }: Tenant,
  email: string,
  { taken, kept }: { taken: Reasons; kept: Reasons },
): Promise<AccountList> {
  if (!isSes(taken)) return { state: 'not_asked', message: 'SES lists only what bounced or was complained of' };
  if (isSes(kept)) return { state: 'not_asked', message: 'The address stays suppressed for another of SES’s reasons' };
  const credentials = credentialsOf(await businesses.get(businessId));
  if (!credentials) return { state: 'not_asked', message: 'The business has connected no SES account' };
  try {
    return { state: (await takeOffAccountList(credentials, email)) ? 'cleared' : 'not_listed' };
  } catch (error) {
    return { state: 'failed', message: whyNot(error) };
  }
}

function whyNot(error: unknown): string {
  const failure = classify(error);
  if (failure.kind === 'credentials' && /^AccessDenied/.test(failure.code)) {
    return `AWS forbids it: the key’s IAM policy must allow ses:DeleteSuppressedDestination (${failure.message})`;
  }
  const said = 'code' in failure ? `${failure.code}: ${failure.message}` : 'it is asked too often';
  return `The address may still be on SES’s own list, which gave no answer to that (${said}); take it off in the SES console, or add and remove it here again`;
}
