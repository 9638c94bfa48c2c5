import { move, readCampaign } from '../support/campaign.js';
import { endDeadLeases } from '../support/dead-leases.js';
import { claimedRows, countRows, type RowCounts, readMonth } from '../support/ledger.js';
import type { Month } from '../support/quota-check.js';
import { insist, stillness, until } from '../support/wait.js';
import type { Scene } from './scene.js';
import { largestWindow } from './window.js';

/** Nothing has moved for so long, in ms: what is claimed is held by nobody who lives. */
const STILL_MS = 1_500;
/** A campaign has so long, in ms, for everything that does not wait for leases of the dead. */
const PATIENCE_MS = 120_000;
/** A claim of the dead lasts 60 s, a reservation 90 s, and the sweeper comes every five. */
const LEASES_MS = 150_000;

interface View {
  status: string;
  pauseReason: string | undefined;
  holdReason: string | undefined;
  rows: RowCounts;
  month: Month;
}

async function look(scene: Scene): Promise<View> {
  const patience = { signal: scene.stand.signal };
  const [{ status, pause, hold }, rows, month] = await Promise.all([
    insist(() => readCampaign(scene), patience),
    countRows([scene.campaignId], patience),
    readMonth(scene.tenant.businessId, patience),
  ]);
  return { status, pauseReason: pause?.reason, holdReason: hold?.reason, rows, month };
}

/** Where a campaign comes to rest: at its end, or before it, when the month's limit is reached. */
export type Rest = 'sent' | 'quota_exceeded';

/** At rest, and nothing that anybody would have to settle. */
function isQuiet({ status, pauseReason, rows, month }: View, rest: Rest): boolean {
  if (rows.sending || month.reservations > 0) return false;
  return status === 'sent' ? !rows.pending : pauseReason === rest;
}

/**
 * Waits until everything has gone out that can, and nobody who lives holds anything. What a pause of SES's making has
 * stopped is resumed, as a person would. It gives up after two minutes.
 */
export async function untilOut(scene: Scene, rest: Rest): Promise<void> {
  const { signal } = scene.stand;
  const stillFor = stillness();
  let view: View | undefined;
  const isOut = async () => {
    view = await look(scene);
    const stillMs = Math.min(stillFor(view), performance.now() - scene.damage.stalledUntil);
    if (isQuiet(view, rest)) return true;
    if (view.status === 'paused' && view.pauseReason !== 'quota_exceeded') {
      scene.notes.push(`resumed after ${view.pauseReason}`);
      await insist(() => move(scene, 'resume'), { signal });
    }
    const isMonthUsed = rest === 'quota_exceeded' && view.month.used >= view.month.limit;
    return (!view.rows.pending || isMonthUsed) && stillMs > STILL_MS;
  };
  await until('everything out that can go out', isOut, { signal, timeoutMs: PATIENCE_MS }).catch((error: Error) => {
    signal.throwIfAborted();
    scene.notes.push(`${error.message}: ${JSON.stringify(view)}`);
  });
}

/**
 * Brings the campaign to rest: what the dead still hold is given up, at once or, when `isPatient`, when its leases have
 * run out. @returns the most rows that a killed worker left behind.
 * @throws Error when it does not come to rest in time.
 */
export async function settle(scene: Scene, rest: Rest, isPatient: boolean): Promise<number> {
  const { stand, tenant, campaignId, damage } = scene;
  const { signal } = stand;
  const isAtRest = async () => isQuiet(await look(scene), rest);
  if (await isAtRest()) return 0;
  const left = isPatient
    ? await claimedRows([campaignId], { signal })
    : await endDeadLeases(stand, tenant.businessId, [campaignId]);
  await until(`the campaign at rest (${rest})`, isAtRest, { signal, timeoutMs: LEASES_MS });
  return largestWindow(left, damage.kills);
}
