import { writeFileSync } from 'node:fs';
import type { Reporter, TestCase } from 'vitest/node';
import { leaksOfRun } from './leaks/search.js';

/**
 * Ends the run with the line `N passed, N failed`. A file that could not even be loaded counts as a failure, and so does each
 * secret of the tests that stands in what the hub logged. With FAILED_TESTS the files that failed are written there, for
 * `.ci/run`; not where a secret was found, which no second run makes good.
 */
export default class CountReporter implements Reporter {
  private passed = 0;
  private failed = 0;

  onTestCaseResult(test: TestCase): void {
    if (test.result().state === 'passed') this.passed += 1;
    else this.failed += 1;
  }

  onTestRunEnd(modules: Parameters<NonNullable<Reporter['onTestRunEnd']>>[0], errors: readonly unknown[]): void {
    const broken = modules.filter((module) => module.errors().length > 0).length + errors.length;
    const leaks = leaksOfRun(String(process.env.TEST_EVIDENCE));
    for (const { secret, line } of leaks) process.stderr.write(`A secret stands in the log: ${secret} in ${line}\n`);
    if (leaks.length > 0) process.exitCode = 1;
    const { FAILED_TESTS: list } = process.env;
    const files = modules.filter((module) => !module.ok()).map(({ moduleId }) => moduleId);
    if (list && files.length > 0 && leaks.length === 0) writeFileSync(list, `${files.join('\n')}\n`);
    // After the default reporter's own summary, which is written in the same tick.
    process.on('exit', () =>
      process.stdout.write(`\n${this.passed} passed, ${this.failed + broken + leaks.length} failed\n`),
    );
  }
}
