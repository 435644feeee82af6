/**
 * Suites that need what a machine may not have. Where it is missing they are one skipped test, which says what was not run
 * and how to make it run; the totals repeat it at the end. Where CI asks for every test, that is a failure.
 */
import { spawnSync } from 'node:child_process';
import { describe, test } from 'vitest';

/** What was looked for, or a sentence that says what is missing and how to get it. */
export type Found<T> = { found: T } | { missing: string };

/** Whether a program can be started. */
export function findProgram(command: string): Found<true> {
  return spawnSync(command, ['--version']).error === undefined
    ? { found: true }
    : { missing: `There is no ${command} on this machine. Install it to run these tests.` };
}

/**
 * `describe` for what needs it. Without it `body` is not run at all: it could not even be collected. `inCi`: what becomes of
 * that in CI; `'skip'` is for what CI cannot have.
 */
export function describeWith<T>(needed: Found<T>, { inCi = 'fail' }: { inCi?: 'fail' | 'skip' } = {}) {
  return function describeNeeding(name: string, body: (found: T) => void): void {
    if ('missing' in needed && process.env.CI && inCi === 'fail') throw new Error(needed.missing);
    describe(name, () => {
      if ('found' in needed) body(needed.found);
      // Skipped beforehand, so that hooks of the file, which may need it too, do not run either.
      else test.skipIf(true)(needed.missing, () => undefined);
    });
  };
}
