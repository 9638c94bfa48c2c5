import { setTimeout as sleep } from 'node:timers/promises';
import type { CampaignStats } from '../../src/schemas/campaign-stats.js';
import type { GetCampaign } from '../../src/schemas/campaigns.js';
import type { Answer } from '../../src/schemas/operation.js';
import type { Client } from '../support/client.js';
import { createPace } from './pace.js';
import type { ProgressDisplay } from './progress.js';

/** Each look is two requests, of the 600 a minute that the smallest plan allows. */
const LOOK_MS = 500;
/** Nothing at all has moved for so long: something is wrong. A long list is counted twice a minute. */
const STALL_MS = 120_000;

/** What became of a campaign's recipients, as `GET /api/campaigns/:id/stats` answers. */
export type Stats = Answer<typeof CampaignStats>['stats'];

/**
 * Shows the progress of a campaign to `total` people until it is sent.
 * @returns its final numbers.
 * @throws Error when it pauses, is cancelled, or does not move for two minutes.
 */
export async function watchCampaign(
  hub: Client,
  { campaignId, total }: { campaignId: string; total: number },
  display: ProgressDisplay,
  signal: AbortSignal,
): Promise<Stats> {
  const path = `/api/campaigns/${campaignId}`;
  const pace = createPace();
  const startedAt = performance.now();
  let movedAt = startedAt;
  let lastDone = 0;
  try {
    for (;;) {
      const { campaign } = await hub.call<typeof GetCampaign>('GET', path);
      const { stats } = await hub.call<typeof CampaignStats>('GET', `${path}/stats`);
      const now = performance.now();
      const open = stats.states.pending + stats.states.sending;
      // The ledger moves while it is counted, so a count may be a little behind the one before.
      const done = Math.max(lastDone, total - open);
      if (done > lastDone) movedAt = now;
      lastDone = done;
      display.show({ done, total, elapsedMs: now - startedAt, perSecond: pace.add(done, now) });
      // What was counted before it was completed may be short of the last ones.
      if (campaign.completedAt && stats.asOf >= campaign.completedAt) return stats;
      if (campaign.status !== 'sending' && campaign.status !== 'sent') {
        throw new Error(`The campaign is ${campaign.status}: ${campaign.pause?.message ?? 'nobody said why'}`);
      }
      if (now - movedAt > STALL_MS) throw new Error(`Nothing has gone out for two minutes, with ${done} done`);
      await sleep(LOOK_MS, undefined, { signal });
    }
  } finally {
    display.end();
  }
}
