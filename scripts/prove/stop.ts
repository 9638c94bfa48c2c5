import { setTimeout as sleep } from 'node:timers/promises';
import { addressesOf, type CampaignOf, draftCampaign, launch, move } from '../support/campaign.js';
import { type Enrolled, enrol } from '../support/enrol.js';
import { findDuplicates } from '../support/mail-check.js';
import { type Stand, withStand } from '../support/stand.js';
import { until } from '../support/wait.js';
import { openBounds, type Scenario } from './scenario.js';

/** An account so fast that only the hub's own speed counts. */
const UNLIMITED = 1_000_000;

/** It runs at full speed for so long before it is stopped, in ms. */
const RUN_MS = 2_000;
/** Nothing may come so long after, in ms; looked at for longer than is allowed. */
const WATCH_MS = 4_000;
const MOST_MS = 1_000;

/** `pause` and `cancel` of a campaign at full speed. */
export const stop: Scenario<'recipients' | 'workers'> = {
  about: 'pause, and then cancel, a campaign at full speed: the last call to SES comes within a second of the answer',
  defaults: { recipients: 40_000, workers: 2 },
  run: ({ recipients, workers }, { say, signal }) =>
    withStand({ workers, account: { maxSendRate: UNLIMITED, max24HourSend: -1 }, say, signal }, async (stand) => {
      const tenant = await enrol(stand, { name: 'stop' });
      const campaign = await draftCampaign(tenant.project, addressesOf(tenant.domain, recipients));
      const bounds = openBounds();
      await launch(campaign, stand);
      const paused = await stopAtSpeed(stand, tenant, campaign, 'pause');
      await move(campaign, 'resume');
      const cancelled = await stopAtSpeed(stand, tenant, campaign, 'cancel');
      for (const { how, lastCallMs, perSecond } of [paused, cancelled]) {
        bounds.atLeast(`messages a second before the ${how}`, perSecond, 1);
        bounds.atMost(`ms until the last call after the ${how}`, lastCallMs, MOST_MS);
      }
      const duplicated = findDuplicates(await stand.ses.recipients({ accessKeyId: tenant.accessKeyId })).length;
      bounds.exactly('mailed twice', duplicated, 0);
      return {
        figures: {
          pauseMs: paused.lastCallMs,
          callsAfterPause: paused.callsAfter,
          perSecondBeforePause: paused.perSecond,
          cancelMs: cancelled.lastCallMs,
          callsAfterCancel: cancelled.callsAfter,
          perSecondBeforeCancel: cancelled.perSecond,
          duplicated,
        },
        missed: bounds.missed,
      };
    }),
};

async function stopAtSpeed(
  { ses, signal }: Stand,
  { accessKeyId }: Enrolled,
  campaign: CampaignOf,
  how: 'pause' | 'cancel',
) {
  const before = (await ses.totals()).accepted;
  await until('the campaign under way', async () => (await ses.totals()).accepted > before, { signal });
  await sleep(RUN_MS, undefined, { signal });
  if (!(await move(campaign, how)))
    throw new Error(`The campaign was at its end before the ${how}: it takes a longer list`);
  const answeredAt = Date.now();
  await sleep(WATCH_MS, undefined, { signal });
  const calls = (await ses.recipients({ accessKeyId })).map(({ at }) => at);
  return {
    how,
    lastCallMs: Math.max(0, Math.ceil(Math.max(...calls) - answeredAt)),
    callsAfter: calls.filter((at) => at > answeredAt).length,
    perSecond: calls.filter((at) => at <= answeredAt && at > answeredAt - 1_000).length,
  };
}
