import type { Reporter, TestCase } from 'vitest/node';

/** Ends the run with the line `N passed, N failed`. A file that could not even be loaded counts as a failure. */
export default class CountReporter implements Reporter {
  private passed = 0;
  private failed = 0;

  onTestCaseResult(test: TestCase): void {
    if (test.result().state === 'passed') this.passed += 1;
    else this.failed += 1;
  }

  onTestRunEnd(modules: Parameters<NonNullable<Reporter['onTestRunEnd']>>[0], errors: readonly unknown[]): void {
    const broken = modules.filter((module) => module.errors().length > 0).length + errors.length;
    // After the default reporter's own summary, which is written in the same tick.
    process.on('exit', () => process.stdout.write(`\n${this.passed} passed, ${this.failed + broken} failed\n`));
  }
}
