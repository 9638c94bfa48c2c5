import {
  GetAccountSendingEnabledCommand,
  GetIdentityVerificationAttributesCommand,
  type SESClient,
} from '@aws-sdk/client-ses';
import { getSendQuota, type SendQuota } from './account.js';
import { newSesClient } from './clients.js';
import type { SesCredentials } from './credentials.js';

/** What SES says of an account and a sender; what it did not tell is absent. */
export interface SesState {
  quota?: SendQuota | undefined;
  sendingEnabled?: boolean | undefined;
  /** Whether the address or its domain is an identity that SES has verified. */
  sender?: 'verified' | 'unverified' | undefined;
}

/** Whoever waits for it is a person. */
const LIMIT_MS = 4_000;

/**
 * Asks SES what it thinks of an account and a sender, one call after the other: it allows one a second.
 * @param known the quota, where it was learnt a moment ago.
 */
export async function readState(credentials: SesCredentials, fromEmail: string, known?: SendQuota): Promise<SesState> {
  const client = newSesClient(credentials, 1);
  const or = <T>(answer: Promise<T>) => answer.catch(() => undefined);
  try {
    const quota = known ?? (await or(getSendQuota(client, LIMIT_MS)));
    const sendingEnabled = await or(isSendingEnabled(client));
    return { quota, sendingEnabled, sender: await or(senderState(client, fromEmail)) };
  } finally {
    client.destroy();
  }
}

async function isSendingEnabled(client: SESClient): Promise<boolean> {
  const { Enabled } = await client.send(new GetAccountSendingEnabledCommand({}), limited());
  return Enabled ?? false;
}

async function senderState(client: SESClient, fromEmail: string): Promise<'verified' | 'unverified'> {
  const domain = fromEmail.slice(fromEmail.lastIndexOf('@') + 1);
  // An identity covers its subdomains, too (Amazon SES, "Creating and verifying identities").
  const parents = domain.split('.').map((_, index, labels) => labels.slice(index).join('.'));
  const Identities = [fromEmail, ...parents.filter((name) => name.includes('.'))];
  const { VerificationAttributes } = await client.send(
    new GetIdentityVerificationAttributesCommand({ Identities }),
    limited(),
  );
  const states = Object.values(VerificationAttributes ?? {});
  return states.some(({ VerificationStatus }) => VerificationStatus === 'Success') ? 'verified' : 'unverified';
}

const limited = () => ({ abortSignal: AbortSignal.timeout(LIMIT_MS) });
