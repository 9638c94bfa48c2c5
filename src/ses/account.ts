import { GetSendQuotaCommand, type SESClient } from '@aws-sdk/client-ses';

/** What SES lets an account send: recipients a second, and recipients in any 24 hours (-1: no limit). */
export interface SendQuota {
  maxPerSecond: number;
  maxPer24Hours: number;
  sentLast24Hours: number;
}

/** A turn may wait for it. */
const LIMIT_MS = 4_000;

/**
 * @param limitMs how long it may take.
 * @throws the SDK's error when SES refuses the credentials or does not answer.
 */
export async function getSendQuota(client: SESClient, limitMs = LIMIT_MS): Promise<SendQuota> {
  const { MaxSendRate, Max24HourSend, SentLast24Hours } = await client.send(new GetSendQuotaCommand({}), {
    abortSignal: AbortSignal.timeout(limitMs),
  });
  return { maxPerSecond: MaxSendRate ?? 1, maxPer24Hours: Max24HourSend ?? 200, sentLast24Hours: SentLast24Hours ?? 0 };
}
