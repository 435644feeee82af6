/**
 * Prints the line that CI reads at the end: `N passed, N failed, N skipped`. Also appends it to the file TOTALS if that is set, so that
 * scripts/test.ts and .ci/run can add up several runs. Before this line, it prints the skipped suites with their reasons, and one line
 * for each failure: they are repeated at the end of a long log of several runs.
 * A file that could not be collected and a suite whose setup failed count as failures, so that the line is not "0 failed".
 */
import { appendFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

// Not for runs of vitest within tests, whose tests would be counted twice.
const { TOTALS } = process.env;
delete process.env.TOTALS;

export default class TotalsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    let passed = 0;
    let skipped = 0;
    const failures = unhandledErrors.map(error => failure('outside of a test', error));
    for (const module of modules) {
      const file = module.relativeModuleId;
      failures.push(...module.errors().map(error => failure(file, error)));
      // The tests of a suite whose setup failed count as skipped.
      for (const suite of module.children.allSuites())
        failures.push(...suite.errors().map(error => failure(`${file} > ${suite.fullName}`, error)));
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        if (state === 'passed') passed += 1;
        else if (state === 'failed') failures.push(failure(`${file} > ${test.fullName}`, errors[0]));
        else skipped += 1;
      }
    }
    for (const reason of notRun(modules)) process.stdout.write(`\nNOT RUN: ${reason}\n`);
    const totals = `${passed} passed, ${failures.length} failed, ${skipped} skipped\n`;
    process.stdout.write(`\n${failures.join('')}${totals}`);
    if (TOTALS) appendFileSync(TOTALS, `${failures.join('')}${totals}`);
  }
}

/** Returns the line of a failure, with the first line of its message. */
function failure(name: string, error: SerializedError | undefined): string {
  const [reason = ''] = stripVTControlCharacters(error?.message ?? '').split('\n');
  return `FAILED: ${name}: ${reason.slice(0, 300)}\n`;
}

/** Returns the skipped suites by reason, which is the name of the test that replaces them (skipped-suites.ts). */
function notRun(modules: readonly TestModule[]): string[] {
  const suites = new Map<string, Set<string>>();
  for (const module of modules) {
    for (const test of module.children.allTests('skipped')) {
      const suite = test.parent.type === 'suite' ? test.parent.fullName : module.relativeModuleId;
      suites.set(test.name, (suites.get(test.name) ?? new Set()).add(suite));
    }
  }
  return [...suites].map(([reason, names]) => `${[...names].join('; ')}\n${reason}`);
}
