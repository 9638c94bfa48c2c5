import { GetSendQuotaCommand, type SESClient } from '@aws-sdk/client-ses';

/** What SES lets an account send: recipients a second, and recipients in any 24 hours (-1: no limit). */
export interface SendQuota {
  maxPerSecond: number;
  maxPer24Hours: number;
  sentLast24Hours: number;
}

/**
 * @param limitMs how long it may take; the client's own limit where absent.
 * @throws the SDK's error when SES refuses the credentials or does not answer.
 */
export async function getSendQuota(client: SESClient, limitMs?: number): Promise<SendQuota> {
  const { MaxSendRate, Max24HourSend, SentLast24Hours } = await client.send(
    new GetSendQuotaCommand({}),
    limitMs === undefined ? {} : { abortSignal: AbortSignal.timeout(limitMs) },
  );
  return { maxPerSecond: MaxSendRate ?? 1, maxPer24Hours: Max24HourSend ?? 200, sentLast24Hours: SentLast24Hours ?? 0 };
}
