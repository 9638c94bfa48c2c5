import { BusinessModel } from '../../src/models/business.js';
import { EmailCampaignModel } from '../../src/models/email-campaign.js';
import type { Finding } from './findings.js';
import type { Stand } from './stand.js';
import { insist, until } from './wait.js';

/** How a worker says in its log that it found a number that the ledger does not bear out, before it mends it. */
const DIFFERS = 'the ledger differs';

/** The hub looks at what is at rest every five seconds, at some campaigns and months each time. */
const TIMEOUT_MS = 60_000;

/**
 * Waits until the hub has held everything that came to rest against its ledger. @returns what it found.
 * @param say is told when it did not come to that, as where a campaign is stuck.
 */
export async function reportedDifferences(stand: Stand, say: (line: string) => void): Promise<Finding[]> {
  const { logs, signal } = stand;
  const isDone = async () => {
    const campaign = await insist(
      () => EmailCampaignModel.exists({ launchedAt: { $ne: null }, reconciled: null }),
      stand,
    );
    const month = await insist(() => BusinessModel.exists({ 'quota.isUnchecked': true }), stand);
    return !campaign && !month;
  };
  await until('every number held against the ledger', isDone, { signal, timeoutMs: TIMEOUT_MS }).catch(
    (error: Error) => {
      signal.throwIfAborted();
      say(error.message);
    },
  );
  return logs.warnings(DIFFERS).map((text) => ({ figure: 'counterMismatches', count: 1, text }));
}
