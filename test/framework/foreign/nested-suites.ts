/** Runs suites of the framework with a program other than their default. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../../helpers/local-lambda.ts';

export interface Selection {
  /** Runs only tests whose full name contains this. */
  only?: string | undefined;
  /** Names of tests that the other program cannot pass. */
  leftOut?: readonly string[];
}

/**
 * Runs test files with variables and returns how many tests passed. Rejects with vitest's output if a test fails, or if another
 * test than those of `leftOut` is skipped.
 */
export function runSuites(
  files: readonly string[],
  env: Record<string, string>,
  { only, leftOut = [] }: Selection = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const names = [
      ...leftOut.map(name => `(?!.*${RegExp.escape(name)})`),
      only && `.*${RegExp.escape(only)}`,
    ];
    const command = [
      join(ROOT, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--maxWorkers=1',
      ...files,
      `--testNamePattern=^${names.join('')}`,
    ];
    // The totals must be those of the nested run only.
    const { TOTALS: _, VITEST: __, VITEST_POOL_ID: ___, VITEST_WORKER_ID: ____, ...inherited } = process.env;
    const variables = { ...inherited, FIXTURE_IS_BUILT: '1', ...env, NO_COLOR: '1' };
    const options = { cwd: ROOT, env: variables, maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, command, options, (error, stdout, stderr) => {
      const [, passed, skipped] = /^(\d+) passed, 0 failed, (\d+) skipped$/m.exec(stdout) ?? [];
      const complete = only !== undefined || Number(skipped) === leftOut.length;
      if (error || !passed || !complete) reject(new Error(`${stdout}\n${stderr}`));
      else resolve(Number(passed));
    });
  });
}
