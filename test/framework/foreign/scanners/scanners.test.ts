/**
 * Scanners of platform teams: they must have no finding. Accepted findings are annotated in place with the reason. Scanners know
 * general rules, not this system, so the absence of findings does not prove security.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../../../helpers/local-lambda.ts';
import { describeWith } from '../../../helpers/skipped-suites.ts';
import { goProgram, pythonPrograms } from '../install.ts';

const COMMAND = 'npm run scan';
const PYTHON = await pythonPrograms('scanners', new URL('requirements.txt', import.meta.url), COMMAND);
const ACTIONLINT = await goProgram({
  program: 'actionlint',
  module: 'github.com/rhysd/actionlint',
  version: 'v1.7.12',
  main: 'cmd/actionlint',
  command: COMMAND,
});
const TFLINT = await goProgram({
  program: 'tflint',
  module: 'github.com/terraform-linters/tflint',
  version: 'v0.64.0',
  main: '.',
  command: COMMAND,
});

interface Scanned {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs a scanner in the root of the repository. */
function scan(program: string, ...args: string[]): Promise<Scanned> {
  return new Promise(resolve => {
    const options = { cwd: ROOT, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, NO_COLOR: '1' } };
    execFile(program, args, options, (error, stdout, stderr) =>
      resolve({ status: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    );
  });
}

interface CheckovReport {
  summary: { passed: number; failed: number; parsing_errors: number };
  results: { failed_checks: { check_id: string; check_name: string; resource: string; file_path: string }[] };
}

describe('scanners', () => {
  describeWith(PYTHON)('of Python', programs => {
    test('checkov finds nothing in terraform/', async () => {
      const args = ['-d', 'terraform', '--framework', 'terraform', '--compact', '--quiet', '-o', 'json'];
      // Without it, checkov calls its own service, which scans do not need.
      const { stdout, stderr } = await scan(join(programs, 'checkov'), ...args, '--skip-download');
      const report: CheckovReport = JSON.parse(stdout || stderr);
      const findings = report.results.failed_checks.map(
        ({ check_id, check_name, resource, file_path }) =>
          `${check_id} ${check_name}: ${resource} in ${file_path}`,
      );
      expect(findings).toEqual([]);
      expect(report.summary).toMatchObject({ failed: 0, parsing_errors: 0 });
      expect(report.summary.passed).toBeGreaterThan(200);
    });

    test('zizmor finds nothing in the workflows', async () => {
      const { status, stdout, stderr } = await scan(
        join(programs, 'zizmor'),
        '--offline',
        '--persona=auditor',
        '.github/workflows',
      );
      expect({ status, findings: stdout }, stderr).toMatchObject({ status: 0 });
    });

    test('hadolint finds nothing in the Dockerfile', async () => {
      expect(await scan(join(programs, 'hadolint'), 'Dockerfile')).toMatchObject({ status: 0, stdout: '' });
    });
  });

  describeWith(ACTIONLINT)('of workflows', actionlint => {
    test('actionlint finds nothing in the workflows', async () => {
      expect(await scan(actionlint)).toMatchObject({ status: 0, stdout: '' });
    });
  });

  describeWith(TFLINT)('of Terraform', tflint => {
    test('tflint finds nothing with all of its Terraform rules', async () => {
      const config = join(import.meta.dirname, 'tflint.hcl');
      const args = ['--chdir=terraform', '--recursive', `--config=${config}`];
      expect(await scan(tflint, ...args)).toMatchObject({ status: 0, stdout: '' });
    });
  });
});
