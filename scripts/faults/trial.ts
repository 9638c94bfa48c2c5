import { TURNS_PER_CAMPAIGN } from '../../src/queue/jobs.js';
import { BATCH_SIZE } from '../../src/sending/batch/run.js';
import { addressesOf, draftCampaign, freshStats, launch } from '../support/campaign.js';
import { ENOUGH_A_MONTH, enrol } from '../support/enrol.js';
import type { Finding } from '../support/findings.js';
import { readMonth, readRows, setBusiness } from '../support/ledger.js';
import { checkMonth, countUsed } from '../support/quota-check.js';
import type { Stand } from '../support/stand.js';
import { BUCKET_MS, fullestWindow, SECOND_MS } from '../support/windows.js';
import { audit, type Evidence } from './audit.js';
import { injectAll } from './inject.js';
import { RATE, RECIPIENTS, type TrialPlan } from './plan.js';
import { type Rest, settle, untilOut } from './quiet.js';
import { openScene, type Scene } from './scene.js';

/** What a killed worker may leave in doubt of one campaign. */
const WINDOW = TURNS_PER_CAMPAIGN * BATCH_SIZE;

const SHOWN_PEOPLE = 5;

/** What became of a trial. */
export interface TrialEnd {
  findings: readonly Finding[];
  /** The campaign's recipients by where they are, as the API shows them. */
  states: Readonly<Record<string, number>>;
  unconfirmed: number;
  /** The most rows that a killed worker's end left behind. */
  window: number;
  /** The most calls that SES got within a second. */
  busiest: number;
  /** What happened beside the plan. */
  notes: readonly string[];
  /** What ledger and SES hold of those whom the findings name. */
  details: readonly string[];
}

/** A new business with an SES account of its own, a campaign, the planned faults, and the truth in the end. */
export async function runTrial(stand: Stand, plan: TrialPlan, isPatient: boolean): Promise<TrialEnd> {
  const patience = { signal: stand.signal };
  const tenant = await enrol(stand, { name: `trial-${plan.number}`, ...(plan.limit ? { month: plan.limit } : {}) });
  const addresses = addressesOf(tenant.domain, RECIPIENTS);
  const campaign = await draftCampaign(tenant.project, addresses);

  const scene = openScene(stand, tenant, campaign);
  // The campaign's first moments are as good as any other for a fault.
  await Promise.all([injectAll(scene, plan.faults), launch(campaign, patience)]);

  const findings: Finding[] = [];
  let window = 0;
  const comeToRest = async (rest: Rest) => {
    await untilOut(scene, rest);
    const left = await settle(scene, rest, isPatient).catch((error: Error) => {
      stand.signal.throwIfAborted();
      findings.push({ figure: 'lost', count: 1, text: error.message });
      return 0;
    });
    window = Math.max(window, left);
  };
  if (plan.limit !== undefined) {
    await comeToRest('quota_exceeded');
    findings.push(...(await checkLimit(scene, plan.limit)));
    await setBusiness(tenant.businessId, { 'subscription.emailsPerMonth': ENOUGH_A_MONTH }, patience);
  }
  await comeToRest('sent');

  const evidence = await gather(scene, addresses);
  findings.push(...audit(evidence, WINDOW));
  const { rows } = evidence;
  const unconfirmed = rows.filter(({ status }) => status === 'unconfirmed').length;
  return {
    findings,
    states: evidence.shown.states,
    unconfirmed,
    window,
    busiest: fullestWindow(evidence.offered, SECOND_MS)?.offered ?? 0,
    notes: scene.notes,
    details: explain(findings, evidence),
  };
}

/** At the limit a campaign stands still, and exactly the month's messages are used. */
async function checkLimit(scene: Scene, limit: number): Promise<Finding[]> {
  const patience = { signal: scene.stand.signal };
  const [rows, month] = [
    await readRows(scene.campaignId, patience),
    await readMonth(scene.tenant.businessId, patience),
  ];
  const used = countUsed(rows);
  const findings = checkMonth(month, used);
  if (used !== limit)
    findings.push({ figure: 'quotaExceeded', count: 1, text: `${used} were used of a month of ${limit}` });
  return findings;
}

async function gather(scene: Scene, addresses: readonly string[]): Promise<Evidence> {
  const { stand, tenant, campaignId, damage } = scene;
  const { accessKeyId, businessId } = tenant;
  const patience = { signal: stand.signal };
  const shown = await freshStats(scene, patience);
  return {
    addresses: new Set(addresses),
    rows: await readRows(campaignId, patience),
    accepted: await stand.ses.recipients({ accessKeyId }),
    month: await readMonth(businessId, patience),
    shown,
    offered: await stand.ses.series({ accessKeyId, bucketMs: BUCKET_MS }),
    rate: RATE,
    doubt: {
      killedWorkers: damage.kills.reduce((sum, { workers }) => sum + workers, 0),
      unclearAnswers: damage.unclearAnswers,
    },
  };
}

/** What ledger and SES hold of some of those whom the findings name. */
function explain(findings: readonly Finding[], { rows, accepted }: Evidence): string[] {
  const named = findings.flatMap(({ address }) => address ?? []).slice(0, SHOWN_PEOPLE);
  return named.flatMap((address) => [
    ...rows.filter(({ email }) => email === address).map((row) => `ledger | ${JSON.stringify(row)}`),
    ...accepted.filter(({ recipient }) => recipient === address).map((one) => `SES    | ${JSON.stringify(one)}`),
  ]);
}
