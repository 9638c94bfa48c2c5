import { setTimeout as sleep } from 'node:timers/promises';
import { addressesOf, type CampaignOf, draftCampaign, launch, readCampaign } from '../support/campaign.js';
import { endDeadLeases } from '../support/dead-leases.js';
import { type Enrolled, enrol } from '../support/enrol.js';
import { countRows, readMonth, readRows } from '../support/ledger.js';
import { findDuplicates, findLost } from '../support/mail-check.js';
import { turnMonth, useMonth } from '../support/month.js';
import { checkMonth, countUsed } from '../support/quota-check.js';
import { reportedDifferences } from '../support/reconciled.js';
import { type Stand, withStand } from '../support/stand.js';
import { insist, stillness, until } from '../support/wait.js';
import { type Bounds, openBounds, type Scenario } from './scenario.js';

/** Messages a second that the account takes: with as many workers as here, all of them have something to do. */
const RATE = 400;
const CAMPAIGNS = 3;

/** The month that is nearly used up; what is left of it is the scenario's. */
const MONTH = 1_000_000;

/** A worker is killed when so much of what is left is used, and is away for so long, in ms. */
const KILLED_AT = [0.25, 0.5];
const AWAY_MS = 500;

/** Nothing has moved for so long, in ms: what is claimed is held by nobody who lives. */
const STILL_MS = 2_000;
/** Beyond what the rate needs, in ms. */
const TO_SPARE_MS = 120_000;

/** The month's limit over many workers and campaigns, and the month after it. */
export const quota: Scenario<'campaign' | 'left' | 'workers'> = {
  about:
    'three campaigns of one business with 1,000 left of its month, ten workers of which two are killed: exactly 1,000 are used, and the rest goes out once when the month has turned',
  defaults: { campaign: 5_000, left: 1_000, workers: 10 },
  run: ({ campaign: recipients, left, workers }, { say, signal }) =>
    withStand({ workers, account: { maxSendRate: RATE, max24HourSend: -1 }, say, signal }, async (stand) => {
      const tenant = await enrol(stand, { name: 'quota', month: MONTH });
      await useMonth(stand, tenant.businessId, MONTH - left);
      const lists = Array.from({ length: CAMPAIGNS }, (_, n) => addressesOf(`${n}.${tenant.domain}`, recipients));
      const campaigns = await Promise.all(lists.map((list) => draftCampaign(tenant.project, list)));
      const bounds = openBounds();
      await Promise.all(campaigns.map((campaign) => launch(campaign, stand)));

      const leftByKilled = await untilUsedUp(stand, tenant, campaigns, MONTH - left, left);
      say('the month is used up');
      const usedAtLimit = await checkLimit(stand, tenant, campaigns, left, bounds);

      await Promise.all(stand.workers.map(({ end }) => end()));
      await turnMonth(stand, tenant.businessId);
      await Promise.all(stand.workers.map(({ start }) => start()));
      say('the month has turned');
      const timeoutMs = ((CAMPAIGNS * recipients) / RATE) * 1_000 + TO_SPARE_MS;
      const areSent = async () => (await statuses(campaigns, stand)).every(({ status }) => status === 'sent');
      await until('all three campaigns sent', areSent, { signal, timeoutMs });
      const rest = await checkEnd(stand, tenant, campaigns, lists, usedAtLimit, bounds);
      bounds.missed.push(...(await reportedDifferences(stand, say)).map(({ text }) => text));
      return { figures: { usedAtLimit, leftByKilled, ...rest }, missed: bounds.missed };
    }),
};

const idsOf = (campaigns: readonly CampaignOf[]) => campaigns.map(({ campaignId }) => campaignId);

function statuses(campaigns: readonly CampaignOf[], stand: Stand) {
  return Promise.all(campaigns.map((campaign) => insist(() => readCampaign(campaign), stand)));
}

/** Kills two workers on the way to the limit. @returns how many rows they left behind. */
async function untilUsedUp(
  stand: Stand,
  { businessId }: Enrolled,
  campaigns: readonly CampaignOf[],
  usedBefore: number,
  left: number,
): Promise<number> {
  const { signal } = stand;
  const month = () => readMonth(businessId, stand);
  for (const [index, part] of KILLED_AT.entries()) {
    await until(`${part * 100} % used`, async () => (await month()).used - usedBefore >= part * left, { signal });
    const victim = stand.workers[index];
    await victim?.kill();
    await sleep(AWAY_MS, undefined, { signal });
    await victim?.start();
  }
  const stillFor = stillness();
  await until(
    'the month used up, and nobody at work',
    async () => {
      const seen = { month: await month(), rows: await countRows(idsOf(campaigns), stand) };
      return stillFor(seen) > STILL_MS && seen.month.used >= seen.month.limit;
    },
    { signal, timeoutMs: TO_SPARE_MS },
  );
  return (await endDeadLeases(stand, businessId, idsOf(campaigns))).size;
}

/** @returns how many messages were used. */
async function checkLimit(
  stand: Stand,
  { businessId }: Enrolled,
  campaigns: readonly CampaignOf[],
  left: number,
  bounds: Bounds,
): Promise<number> {
  const arePaused = async () =>
    (await statuses(campaigns, stand)).every(({ pause }) => pause?.reason === 'quota_exceeded') &&
    (await readMonth(businessId, stand)).reservations === 0;
  await until('all three campaigns paused with quota_exceeded', arePaused, { ...stand, timeoutMs: TO_SPARE_MS });
  const used = countUsed(await rowsOf(campaigns, stand));
  bounds.exactly('used of what was left of the month', used, left);
  const month = await readMonth(businessId, stand);
  bounds.missed.push(...checkMonth(month, month.limit - left + used).map(({ text }) => text));
  return used;
}

async function rowsOf(campaigns: readonly CampaignOf[], stand: Stand) {
  return (await Promise.all(idsOf(campaigns).map((id) => readRows(id, stand)))).flat();
}

async function checkEnd(
  stand: Stand,
  { businessId, accessKeyId }: Enrolled,
  campaigns: readonly CampaignOf[],
  lists: readonly string[][],
  usedBefore: number,
  bounds: Bounds,
) {
  const rows = await rowsOf(campaigns, stand);
  const accepted = await stand.ses.recipients({ accessKeyId });
  const lost = findLost({ addresses: new Set(lists.flat()), rows, accepted });
  const duplicated = findDuplicates(accepted);
  const usedAfter = countUsed(rows) - usedBefore;
  bounds.missed.push(...[...lost, ...duplicated].map(({ text }) => text));
  const month = await until(
    'every reservation settled',
    async () => {
      const now = await readMonth(businessId, stand);
      return now.reservations === 0 ? now : undefined;
    },
    stand,
  );
  bounds.missed.push(...checkMonth(month, usedAfter).map(({ text }) => text));
  const unconfirmed = rows.filter(({ status }) => status === 'unconfirmed').length;
  return { usedAfter, unconfirmed, lost: lost.length, duplicated: duplicated.length };
}
