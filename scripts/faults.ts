/**
 * `npm run faults`: campaigns, while processes are really killed and services really fail. `--help` says what it takes.
 */
import { readOptions } from './faults/options.js';
import { describePlan, planRun, RATE, type TrialPlan } from './faults/plan.js';
import { describeEnd, Report } from './faults/report.js';
import { runTrial, type TrialEnd } from './faults/trial.js';
import { reportedDifferences } from './support/reconciled.js';
import { runScript } from './support/script.js';
import { type Stand, withStand } from './support/stand.js';

const WORKERS = 2;
const SHOWN_LINES = 15;

const options = readOptions(process.argv.slice(2));
const say = (line: string) => process.stderr.write(`${line}\n`);

await runScript(async (signal) => {
  const account = { maxSendRate: RATE, max24HourSend: -1 };
  const report = new Report(options.seed);
  const plans = planRun(options.seed, options.trials).filter(({ number }) => number === (options.only ?? number));
  say(`seed ${options.seed}`);
  await withStand({ workers: WORKERS, account, say, signal }, async (stand) => {
    for (const plan of plans) {
      say(`trial ${plan.number} of ${options.trials}: ${describePlan(plan)}`);
      const startedAt = performance.now();
      const end = await tryOut(stand, plan);
      report.add(plan, end);
      say(describeEnd(end, (performance.now() - startedAt) / 1_000));
      if (end.findings.length > 0) for (const line of stand.logs.lastLines(SHOWN_LINES)) say(`    ${line}`);
      await stand.heal();
    }
    const differences = await reportedDifferences(stand, say);
    report.addFindings(differences);
    for (const { text } of differences) say(`✗ ${text}`);
  });
  const { figures, isRight } = report;
  if (options.isJson) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else for (const [name, value] of Object.entries(figures)) say(`${name.padEnd(18)} ${JSON.stringify(value)}`);
  return isRight;
});

/** A trial that cannot be finished has lost its campaign: the next ones go on. */
async function tryOut(stand: Stand, plan: TrialPlan): Promise<TrialEnd> {
  try {
    return await runTrial(stand, plan, options.isPatient);
  } catch (error) {
    stand.signal.throwIfAborted();
    const text = `the trial could not be finished: ${error instanceof Error ? error.message : error}`;
    const details = error instanceof Error && error.stack ? error.stack.split('\n').slice(1) : [];
    return {
      findings: [{ figure: 'lost', count: 1, text }],
      states: {},
      unconfirmed: 0,
      window: 0,
      busiest: 0,
      notes: [],
      details,
    };
  }
}
