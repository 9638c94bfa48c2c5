import { setTimeout as sleep } from 'node:timers/promises';
import { addressesOf, draftCampaign, launch, move } from '../support/campaign.js';
import { enrol } from '../support/enrol.js';
import { type Stand, withStand } from '../support/stand.js';
import { until } from '../support/wait.js';
import { BUCKET_MS, fullestWindow, mostAllowed, SECOND_MS } from '../support/windows.js';
import { openBounds, type Scenario } from './scenario.js';

/** Messages a second of the accounts, one after the other. */
const RATES = [50, 14];

/** The lengths of the windows that are looked at, in ms. */
const WINDOWS = { second: SECOND_MS, tenSeconds: 10_000 };
/** The share of the rate that must be used. */
const USED = 0.95;
/** A list so much longer than what can go out that it never ends meanwhile. */
const TO_SPARE = 2;

/** SES counts and refuses nothing: what keeps the rate is the hub alone. */
export const rate: Scenario<'seconds' | 'workers'> = {
  about: `accounts of ${RATES.join(' and ')} a second that enforce nothing, Redis emptied once in each: no second and no ten seconds above the rate, and 95 % of it used`,
  defaults: { seconds: 60, workers: 3 },
  run: ({ seconds, workers }, { say, signal }) =>
    withStand({ workers, account: { enforceLimits: false, max24HourSend: -1 }, say, signal }, async (stand) => {
      const bounds = openBounds();
      const figures: Record<string, number> = {};
      for (const perSecond of RATES) {
        const { points, emptiedAt } = await sendFor(stand, perSecond, seconds);
        const firstAt = points[0]?.at ?? 0;
        for (const [length, windowMs] of Object.entries(WINDOWS)) {
          const { offered, at } = fullestWindow(points, windowMs) ?? { offered: 0, at: firstAt };
          const most = mostAllowed(perSecond, windowMs);
          figures[`${length}Max${perSecond}`] = offered;
          figures[`${length}Bound${perSecond}`] = most;
          const where = `${inSeconds(at - firstAt)} from the first call on, Redis emptied at ${inSeconds(emptiedAt - firstAt)}`;
          bounds.atMost(`${perSecond} a second, most in a ${length} (${where})`, offered, most);
        }
        const inTime = points.filter(({ at }) => at < firstAt + seconds * SECOND_MS);
        const used = inTime.reduce((sum, { offered }) => sum + offered, 0) / (perSecond * seconds);
        figures[`used${perSecond}`] = Number(used.toFixed(3));
        bounds.atLeast(`${perSecond} a second, part of the rate that was used`, Number(used.toFixed(3)), USED);
      }
      return { figures, missed: bounds.missed };
    }),
};

const inSeconds = (ms: number) => `${(ms / SECOND_MS).toFixed(1)} s`;

/** A campaign of an account of this rate for so long from its first call on. @returns what was offered, in buckets, and when Redis was emptied. */
async function sendFor(stand: Stand, perSecond: number, seconds: number) {
  const { ses, signal } = stand;
  const { accessKeyId, domain, project } = await enrol(stand, {
    name: `rate-${perSecond}`,
    account: { maxSendRate: perSecond },
  });
  const addresses = addressesOf(domain, perSecond * seconds * TO_SPARE);
  const campaign = await draftCampaign(project, addresses);
  await launch(campaign, stand);
  const series = () => ses.series({ accessKeyId, bucketMs: BUCKET_MS });
  await until('the first call', async () => (await series()).length > 0, { signal });
  await sleep((seconds * SECOND_MS) / 2, undefined, { signal });
  await stand.emptyRedis();
  const emptiedAt = Date.now();
  await sleep((seconds * SECOND_MS) / 2 + SECOND_MS, undefined, { signal });
  await move(campaign, 'cancel');
  return { points: await series(), emptiedAt };
}
