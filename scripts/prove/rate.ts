import { setTimeout as sleep } from 'node:timers/promises';
import { addressesOf, draftCampaign, launch, move } from '../support/campaign.js';
import { enrol } from '../support/enrol.js';
import { type Stand, withStand } from '../support/stand.js';
import { until } from '../support/wait.js';
import { BUCKET_MS, mostAllowed, mostOffered, SECOND_MS } from '../support/windows.js';
import { openBounds, type Scenario } from './scenario.js';

/** Messages a second of the accounts, one after the other. */
const RATES = [50, 14];

const TEN_SECONDS_MS = 10_000;
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
        const points = await sendFor(stand, perSecond, seconds);
        const firstAt = points[0]?.at ?? 0;
        const offered = points
          .filter(({ at }) => at < firstAt + seconds * SECOND_MS)
          .reduce((sum, point) => sum + point.offered, 0);
        const used = offered / (perSecond * seconds);
        const second = mostOffered(points, SECOND_MS);
        const tenSeconds = mostOffered(points, TEN_SECONDS_MS);
        const name = `${perSecond} a second`;
        bounds.atMost(`${name}, most in a second`, second, mostAllowed(perSecond, SECOND_MS));
        bounds.atMost(`${name}, most in ten seconds`, tenSeconds, mostAllowed(perSecond, TEN_SECONDS_MS));
        bounds.atLeast(`${name}, % of the rate used`, Number((used * 100).toFixed(1)), USED * 100);
        figures[`secondMax${perSecond}`] = second;
        figures[`secondBound${perSecond}`] = mostAllowed(perSecond, SECOND_MS);
        figures[`tenSecondsMax${perSecond}`] = tenSeconds;
        figures[`tenSecondsBound${perSecond}`] = mostAllowed(perSecond, TEN_SECONDS_MS);
        figures[`used${perSecond}`] = Number(used.toFixed(3));
      }
      return { figures, missed: bounds.missed };
    }),
};

/** A campaign of an account of this rate for so long from its first call on. @returns what was offered, in buckets. */
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
  await sleep((seconds * SECOND_MS) / 2 + SECOND_MS, undefined, { signal });
  await move(campaign, 'cancel');
  return series();
}
