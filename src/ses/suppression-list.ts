import { DeleteSuppressedDestinationCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { clientOptions } from './clients.js';
import type { SesCredentials } from './credentials.js';

/** What became of an address on the list that SES itself keeps of the account. */
export const ACCOUNT_LIST_STATES = ['cleared', 'not_listed', 'not_asked', 'failed'] as const;

export interface AccountList {
  state: (typeof ACCOUNT_LIST_STATES)[number];
  /** Why it was not asked, or what is missing; for a person. */
  message?: string;
}

/** Whoever waits for it is a person. */
const LIMIT_MS = 5_000;

/**
 * Takes an address off the account's own suppression list, on which SES puts what bounced for good or complained (Amazon SES
 * Developer Guide, "Using the Amazon SES account-level suppression list"). It can be asked any number of times, so the SDK may
 * ask again.
 * @returns whether it was there.
 * @throws the SDK's error when SES refuses or does not answer.
 */
export async function takeOffAccountList(credentials: SesCredentials, email: string): Promise<boolean> {
  const client = new SESv2Client({ ...clientOptions(credentials, 1), maxAttempts: 3 });
  try {
    await client.send(new DeleteSuppressedDestinationCommand({ EmailAddress: email }), {
      abortSignal: AbortSignal.timeout(LIMIT_MS),
    });
    return true;
  } catch (error) {
    if ((error as { name?: unknown })?.name === 'NotFoundException') return false;
    throw error;
  } finally {
    client.destroy();
  }
}
