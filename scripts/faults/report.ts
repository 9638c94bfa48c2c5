import { type Finding, sumUp } from '../support/findings.js';
import { FAULT_KINDS, type FaultKind } from './kinds.js';
import type { TrialPlan } from './plan.js';
import type { TrialEnd } from './trial.js';

const SHOWN_FINDINGS = 8;

/** What a run has shown so far. */
export class Report {
  private trials = 0;
  private unconfirmedMax = 0;
  private windowMax = 0;
  private readonly findings: Finding[] = [];
  private readonly kinds = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0])) as Record<FaultKind, number>;

  constructor(private readonly seed: number) {}

  /** Takes a trial that came to an end. */
  add({ faults }: TrialPlan, { findings, unconfirmed, window }: Pick<TrialEnd, 'findings' | 'unconfirmed' | 'window'>) {
    this.trials += 1;
    this.unconfirmedMax = Math.max(this.unconfirmedMax, unconfirmed);
    this.windowMax = Math.max(this.windowMax, window);
    this.findings.push(...findings);
    for (const { kind } of faults) this.kinds[kind] += 1;
  }

  /** Takes what was found when all trials were over. */
  addFindings(findings: readonly Finding[]) {
    this.findings.push(...findings);
  }

  /** Whether every promise was kept. */
  get isRight(): boolean {
    return this.findings.length === 0;
  }

  /** The figures, in the order in which they are printed. */
  get figures() {
    const { unconfirmedOver, lost, duplicated, ...limits } = sumUp(this.findings);
    const { trials, unconfirmedMax, windowMax, seed, kinds } = this;
    return { trials, lost, duplicated, unconfirmedMax, unconfirmedOver, windowMax, ...limits, seed, kinds };
  }
}

/** `  ✓ 17.3 s: sent 1,998, unconfirmed 2; 253 in the busiest second; a killed worker left 64`, and what is wrong below it. */
export function describeEnd({ findings, states, window, busiest, notes, details }: TrialEnd, seconds: number): string {
  const counts = Object.entries(states)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${state} ${count.toLocaleString('en')}`);
  const left = window > 0 && `a killed worker left ${window}`;
  const facts = [counts.join(', '), `${busiest} in the busiest second`, left, ...notes].filter(Boolean);
  const problems = findings.slice(0, SHOWN_FINDINGS).map(({ figure, text }) => `    ${figure}: ${text}`);
  if (findings.length > SHOWN_FINDINGS) problems.push(`    and ${findings.length - SHOWN_FINDINGS} more`);
  const mark = findings.length === 0 ? '✓' : '✗';
  return [
    `  ${mark} ${seconds.toFixed(1)} s: ${facts.join('; ')}`,
    ...problems,
    ...details.map((line) => `    ${line}`),
  ].join('\n');
}
