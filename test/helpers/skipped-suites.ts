/**
 * Suites that need a program that a machine may not have. Without it, a suite is one skipped test whose name says what was not run
 * and how to run it; the summary at the end repeats it. In CI, a missing program is a failure.
 */
import { spawnSync } from 'node:child_process';
import { describe, test } from 'vitest';

/** The program, or a sentence that says what is missing and how to get it. */
export type Found<T> = { found: T } | { missing: string };

/** Checks whether a program can be started. */
export function findProgram(command: string): Found<true> {
  return spawnSync(command, ['--version']).error === undefined
    ? { found: true }
    : { missing: `There is no ${command} on this machine. Install it to run these tests.` };
}

/**
 * Returns `describe` for suites that need the program. Without it, `body` does not run, because it could not be collected. `inCi` is
 * the result in CI; `'skip'` is for programs that CI cannot have.
 */
export function describeWith<T>(needed: Found<T>, { inCi = 'fail' }: { inCi?: 'fail' | 'skip' } = {}) {
  return function describeNeeding(name: string, body: (found: T) => void): void {
    if ('missing' in needed && process.env.CI && inCi === 'fail') throw new Error(needed.missing);
    describe(name, () => {
      if ('found' in needed) body(needed.found);
      // skipIf, so that hooks of the file, which may need the program too, do not run either.
      else test.skipIf(true)(needed.missing, () => undefined);
    });
  };
}
