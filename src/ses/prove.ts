import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { getSendQuota, type SendQuota } from './account.js';
import { clientOptions, newSesClient } from './clients.js';
import type { SesCredentials } from './credentials.js';

/** What STS answers is worth no longer a wait, in ms. */
const IDENTITY_MS = 4_000;

/**
 * Proves credentials by asking SES for their quota.
 * @returns the quota, and the AWS account's id where STS answers: two tenants with keys of one account share its limits.
 * @throws the SDK's error, which `classify` in `errors.ts` reads.
 */
export async function prove(credentials: SesCredentials): Promise<{ quota: SendQuota; accountId?: string }> {
  const ses = newSesClient(credentials, 1);
  const sts = new STSClient(clientOptions(credentials, 1));
  try {
    const quota = await getSendQuota(ses);
    // The policy of a sending-only key may well forbid STS: the access key then stands for the account.
    const identity = await sts
      .send(new GetCallerIdentityCommand({}), { abortSignal: AbortSignal.timeout(IDENTITY_MS) })
      .catch(() => undefined);
    return { quota, ...(identity?.Account ? { accountId: identity.Account } : {}) };
  } finally {
    ses.destroy();
    sts.destroy();
  }
}
