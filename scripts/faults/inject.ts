import { setTimeout as sleep } from 'node:timers/promises';
import type { FailureRule } from '../../src/embedded/ses/failures.js';
import { CALL_TIMEOUT_MS } from '../../src/ses/clients.js';
import { move, readCampaign } from '../support/campaign.js';
import { claimedRows } from '../support/ledger.js';
import { insist } from '../support/wait.js';
import type { FaultKind } from './kinds.js';
import type { PlannedFault } from './plan.js';
import type { Scene } from './scene.js';

type Inject = (scene: Scene, fault: PlannedFault) => Promise<void>;

/** How each fault is done, and undone when its time is over. */
const INJECT: Readonly<Record<FaultKind, Inject>> = {
  'worker-killed': (scene, fault) => killWorkers(scene, fault, [fault.worker]),
  'workers-killed': (scene, fault) => killWorkers(scene, fault, [0, 1]),
  'api-killed': ({ stand: { api, signal }, turns }, { forMs }) =>
    turns.api(() => away({ kill: api.kill, restart: api.start }, forMs, signal)),
  'redis-killed': ({ stand: { redis, signal }, turns }, { forMs }) => turns.redis(() => away(redis, forMs, signal)),
  'mongo-killed': ({ stand: { mongo, signal }, turns }, { forMs }) => turns.mongo(() => away(mongo, forMs, signal)),
  'redis-emptied': ({ stand, turns }) => turns.redis(stand.emptyRedis),
  'ses-throttles': async (scene, fault) => void (await failSes(scene, fault, { kind: 'throttle' })),
  'ses-stalls-after': (scene, fault) => confuse(scene, fault, 'accept-then-stall'),
  'ses-drops': (scene, fault) => confuse(scene, fault, 'drop'),
  'ses-drops-after': (scene, fault) => confuse(scene, fault, 'accept-then-drop'),
  'ses-502': (scene, fault) => confuse(scene, fault, 'bad-gateway'),
  'ses-502-after': (scene, fault) => confuse(scene, fault, 'accept-then-bad-gateway'),
  paused: pauseForAWhile,
};

/** Lets every fault come at its time. Resolves when all are over and everything runs again. */
export async function injectAll(scene: Scene, faults: readonly PlannedFault[]): Promise<void> {
  const { signal } = scene.stand;
  await Promise.all(
    faults.map(async (fault) => {
      await sleep(fault.atMs, undefined, { signal });
      await INJECT[fault.kind](scene, fault);
    }),
  );
}

async function away(
  service: { kill(): Promise<void>; restart(): Promise<void> },
  forMs: number,
  signal: AbortSignal,
): Promise<void> {
  await service.kill();
  await sleep(forMs, undefined, { signal });
  await service.restart();
}

function killWorkers({ stand, campaignId, damage, turns }: Scene, { forMs }: PlannedFault, which: readonly number[]) {
  const { signal } = stand;
  const victims = stand.workers.filter((_, index) => which.includes(index));
  return turns.workers(async () => {
    await Promise.all(victims.map((worker) => worker.kill()));
    const held = await claimedRows([campaignId], { signal });
    // Whatever a dead worker was sending is claimed: where nothing is, none of them was.
    if (held.size > 0) damage.kills.push({ workers: victims.length, held });
    await sleep(forMs, undefined, { signal });
    await Promise.all(victims.map((worker) => worker.start()));
  });
}

/** A failure of the trial's own SES account, taken back when its time is over. @returns how many calls it struck. */
async function failSes({ stand, tenant }: Scene, { forMs }: PlannedFault, rule: FailureRule): Promise<number> {
  const id = await stand.ses.fail({ ...rule, accessKeyId: tenant.accessKeyId });
  await sleep(forMs, undefined, { signal: stand.signal });
  const { hits } = await stand.ses.lift(id);
  return hits;
}

/** A failure that leaves whoever called without knowing whether SES took the message. */
async function confuse(scene: Scene, fault: PlannedFault, kind: FailureRule['kind']): Promise<void> {
  const hits = await failSes(scene, fault, { kind, next: fault.answers });
  const { damage } = scene;
  damage.unclearAnswers += hits;
  if (kind === 'accept-then-stall' && hits > 0) damage.stalledUntil = performance.now() + CALL_TIMEOUT_MS;
}

async function pauseForAWhile(scene: Scene, { forMs }: PlannedFault): Promise<void> {
  const { signal } = scene.stand;
  await insist(() => move(scene, 'pause'), { signal });
  await sleep(forMs, undefined, { signal });
  const { pause } = await insist(() => readCampaign(scene), { signal });
  // What the month's limit has paused meanwhile is not a person's to resume.
  if (pause?.reason === 'user') await insist(() => move(scene, 'resume'), { signal });
}
