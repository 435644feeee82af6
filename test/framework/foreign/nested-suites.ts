/** Runs suites of the framework with a program other than their default. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../../helpers/local-lambda.ts';

/**
 * Runs test files with environment variables. `names` is a pattern of test names. Returns the number of passed tests. Rejects with
 * vitest's output if one fails or, without `names`, is skipped.
 */
export function runSuites(
  files: readonly string[],
  env: Record<string, string>,
  names?: string,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const command = [
      join(ROOT, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--maxWorkers=1',
      ...files,
      ...(names ? ['-t', names] : []),
    ];
    // The totals must be those of the nested run only.
    const { TOTALS: _, VITEST: __, VITEST_POOL_ID: ___, VITEST_WORKER_ID: ____, ...inherited } = process.env;
    const options = { cwd: ROOT, env: { ...inherited, ...env, NO_COLOR: '1' }, maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, command, options, (error, stdout, stderr) => {
      const [, passed, skipped] = /^(\d+) passed, 0 failed, (\d+) skipped$/m.exec(stdout) ?? [];
      if (error || !passed || (!names && skipped !== '0')) reject(new Error(`${stdout}\n${stderr}`));
      else resolve(Number(passed));
    });
  });
}
