import { setTimeout as sleep } from 'node:timers/promises';
import type { TestCampaign } from '../../src/schemas/campaign-life.js';
import { addressesOf, draftCampaign, launch } from '../support/campaign.js';
import { Refused } from '../support/client.js';
import { type Enrolled, enrol } from '../support/enrol.js';
import { type Stand, withStand } from '../support/stand.js';
import { until } from '../support/wait.js';
import { openBounds, type Scenario } from './scenario.js';

/** Messages a second of the account with the long campaign; the other has what AWS gives a newcomer. */
const RATE = 50;
const NEWCOMERS_RATE = 14;
const SHORT_LIST = 10;

const SHORT_MS = 3_000;
const TEST_MS = 2_000;
const TIMEOUT_MS = 30_000;
/** Between one try and the next, in ms: so that they meet the long campaign at different moments. */
const BETWEEN_MS = 1_300;

/** What is short or urgent does not wait behind what is long. */
export const lanes: Scenario<'recipients' | 'workers' | 'times'> = {
  about: `a campaign of 200,000 at ${RATE} a second: another tenant's of ten is out within 3 s, a test send of its own tenant within 2 s`,
  defaults: { recipients: 200_000, workers: 2, times: 5 },
  run: ({ recipients, workers, times }, { say, signal }) =>
    withStand({ workers, account: { max24HourSend: -1 }, say, signal }, async (stand) => {
      const big = await enrol(stand, { name: 'big', account: { maxSendRate: RATE } });
      const small = await enrol(stand, { name: 'small', account: { maxSendRate: NEWCOMERS_RATE } });
      say(`importing ${recipients.toLocaleString('en')} recipients`);
      const long = await draftCampaign(big.project, addressesOf(big.domain, recipients));
      await launch(long, stand);
      await until('the long campaign under way', async () => (await callsOf(stand, big)) > RATE, { signal });
      const before = { calls: await callsOf(stand, big), at: Date.now() };

      const bounds = openBounds();
      const shortMs: number[] = [];
      const testMs: number[] = [];
      for (let time = 1; time <= times; time += 1) {
        shortMs.push(await sendShort(stand, small, time));
        say(`a campaign of ${SHORT_LIST} was out after ${shortMs.at(-1)} ms`);
        const took = await sendTest(stand, big, time);
        if (took !== undefined) testMs.push(took);
        say(took === undefined ? NO_TEST_SEND : `a test send was out after ${took} ms`);
        await sleep(BETWEEN_MS, undefined, { signal });
      }
      const perSecond = ((await callsOf(stand, big)) - before.calls) / ((Date.now() - before.at) / 1_000);
      bounds.atMost(`ms until a campaign of ${SHORT_LIST} was out`, Math.max(...shortMs), SHORT_MS);
      if (testMs.length < times) bounds.missed.push(NO_TEST_SEND);
      else bounds.atMost('ms until a test send was out', Math.max(...testMs), TEST_MS);
      return {
        figures: {
          shortMaxMs: Math.max(...shortMs),
          ...(testMs.length > 0 ? { testMaxMs: Math.max(...testMs) } : {}),
          longPerSecond: Number(perSecond.toFixed(1)),
        },
        missed: bounds.missed,
      };
    }),
};

const NO_TEST_SEND = 'This hub has no test send yet: POST /api/campaigns/:id/test answers 404';

async function callsOf({ ses }: Stand, { accessKeyId }: Enrolled): Promise<number> {
  return (await ses.series({ accessKeyId })).reduce((sum, { accepted }) => sum + accepted, 0);
}

/** @returns ms from the call of `send` until SES had accepted the last one. */
async function sendShort(stand: Stand, { domain, project, accessKeyId }: Enrolled, time: number): Promise<number> {
  const campaign = await draftCampaign(project, addressesOf(`${time}.${domain}`, SHORT_LIST));
  const sentAt = Date.now();
  await launch(campaign, stand);
  return untilAccepted(stand, accessKeyId, sentAt, SHORT_LIST, (recipient) => recipient.endsWith(`@${time}.${domain}`));
}

/** @returns ms from the call until SES had accepted it; undefined where the hub has no such call. */
async function sendTest(stand: Stand, { domain, project, accessKeyId }: Enrolled, time: number) {
  const draft = await draftCampaign(project, addressesOf(`${time}.${domain}`, 1));
  const address = `test-${time}@${domain}`;
  const sentAt = Date.now();
  try {
    await project.call<typeof TestCampaign>('POST', `/api/campaigns/${draft.campaignId}/test`, { to: [address] });
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return undefined;
    throw error;
  }
  return untilAccepted(stand, accessKeyId, sentAt, 1, (recipient) => recipient === address);
}

async function untilAccepted(
  { ses, signal }: Stand,
  accessKeyId: string,
  sentAt: number,
  count: number,
  isMeant: (recipient: string) => boolean,
): Promise<number> {
  const accepted = await until(
    `${count} accepted by SES`,
    async () => {
      const rows = (await ses.recipients({ accessKeyId })).filter(({ recipient }) => isMeant(recipient));
      return rows.length >= count ? rows : undefined;
    },
    { signal, timeoutMs: TIMEOUT_MS },
  );
  return Math.ceil(Math.max(...accepted.map(({ at }) => at)) - sentAt);
}
