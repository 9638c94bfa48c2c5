import { GetSendQuotaCommand, type SESClient } from '@aws-sdk/client-ses';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { newSesClient, newStsClient } from './clients.js';
import type { SesCredentials } from './credentials.js';

/** What SES lets an account send: recipients a second, and recipients in any 24 hours (-1: no limit). */
export interface SendQuota {
  maxPerSecond: number;
  maxPer24Hours: number;
  sentLast24Hours: number;
}

/** @throws the SDK's error when SES refuses the credentials or does not answer. */
export async function getSendQuota(client: SESClient): Promise<SendQuota> {
  const { MaxSendRate, Max24HourSend, SentLast24Hours } = await client.send(new GetSendQuotaCommand({}));
  return { maxPerSecond: MaxSendRate ?? 1, maxPer24Hours: Max24HourSend ?? 200, sentLast24Hours: SentLast24Hours ?? 0 };
}

/**
 * Proves credentials by asking SES for their quota.
 * @returns the quota, and the AWS account's id where STS answers: two tenants with keys of one account share its limits.
 * @throws the SDK's error, which `classify` in `errors.ts` reads.
 */
export async function prove(credentials: SesCredentials): Promise<{ quota: SendQuota; accountId?: string }> {
  const ses = newSesClient(credentials, 1);
  const sts = newStsClient(credentials);
  try {
    const quota = await getSendQuota(ses);
    // The policy of a sending-only key may well forbid STS: the access key then stands for the account.
    const identity = await sts.send(new GetCallerIdentityCommand({})).catch(() => undefined);
    return { quota, ...(identity?.Account ? { accountId: identity.Account } : {}) };
  } finally {
    ses.destroy();
    sts.destroy();
  }
}
